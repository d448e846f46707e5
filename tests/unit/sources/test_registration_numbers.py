"""Numbers are found as people type them, and nothing is taken for one that is none."""

import time

import pytest

from evergrove.sources.registration_numbers import find, find_in, registry_of

WELL_FORMED = {
    "NCT04355728": "ClinicalTrials.gov",
    "ISRCTN47524255": "ISRCTN",
    "IRCT20200217046526N2": "IRCT",
    "IRCT138811303409N12": "IRCT",
    "ChiCTR2000029990": "ChiCTR",
    "ChiCTR-TRC-12001992": "ChiCTR",
    "EUCTR2020-001682-36": "EU",
    "CTIS2022-500024-30-00": "EU",
    "jRCT2031190264": "jRCT",
    "jRCTs031190264": "jRCT",
    "UMIN000012345": "UMIN",
    "JapicCTI-205254": "JapicCTI",
    "JMA-IIA00123": "JMA",
    "DRKS00012345": "DRKS",
    "CTRI/2020/04/024479": "CTRI",
    "CTRI/2010/091/000123": "CTRI",
    "ACTRN12620000612910": "ANZCTR",
    "NTR1234": "NTR",
    "NL8491": "NTR",
    "NL-OMON12345": "NTR",
    "RBR-6g9rwb": "ReBEC",
    "RBR-10d4fqb": "ReBEC",
    "PACTR202004893013257": "PACTR",
    "PACTR2010020001429343": "PACTR",
    "KCT0004970": "CRiS",
    "TCTR20200401001": "TCTR",
    "SLCTR/2020/011": "SLCTR",
    "LBCTR2020043495": "LBCTR",
    "PER-015-20": "REPEC",
    "RPCEC00000123": "RPCEC",
}


@pytest.mark.parametrize("number", WELL_FORMED)
@pytest.mark.parametrize("around", ["{}", "({})", "registered: {}.", "<b>{}</b>", "\n{}\n", "{}; other"])
def test_a_well_formed_number_is_itself(number, around):
    assert find(around.format(number)) == (number,)
    assert registry_of(number) == WELL_FORMED[number]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("nct04355728", "NCT04355728"),
        ("NCT 04355728", "NCT04355728"),
        ("NCT-04355728", "NCT04355728"),
        ("NCT\u201104355728", "NCT04355728"),
        ("NCT\u00a004355728", "NCT04355728"),
        ("NCT: 04355728", "NCT04355728"),
        ("NCT#04355728", "NCT04355728"),
        ("NCT No. 04355728", "NCT04355728"),
        ("NCT number: NCT04355728", "NCT04355728"),
        ("NCTO4355728", "NCT04355728"),
        ("NCT0435 5728", "NCT04355728"),
        ("ClinicalTrials.govNCT04355728", "NCT04355728"),
        ("NCT04355728and", "NCT04355728"),
        ("https://clinicaltrials.gov/ct2/show/NCT04355728?term=x", "NCT04355728"),
        ("isrctn 47524255", "ISRCTN47524255"),
        ("ISCRTN47524255", "ISRCTN47524255"),
        ("irct20200217046526n2", "IRCT20200217046526N2"),
        ("IRCT 20200217046526 N2", "IRCT20200217046526N2"),
        ("chictr2000029990", "ChiCTR2000029990"),
        ("ChiCTR-2000029990", "ChiCTR2000029990"),
        ("Chi CTR 2000029990", "ChiCTR2000029990"),
        ("ChiCTR TRC 12001992", "ChiCTR-TRC-12001992"),
        ("ChiCTR-IPR-16008762", "ChiCTR-IPR-16008762"),
        ("EudraCT number: 2020-001682-36", "EUCTR2020-001682-36"),
        ("EudraCT 2020 001682 36", "EUCTR2020-001682-36"),
        ("EUCTR2020-001682-36-ES", "EUCTR2020-001682-36"),
        ("2020\u2013001682\u201336", "EUCTR2020-001682-36"),
        ("EU CT number 2022-500024-30-00", "CTIS2022-500024-30-00"),
        ("2022-500024-30-00", "CTIS2022-500024-30-00"),
        ("JPRN-jRCT2031190264", "jRCT2031190264"),
        ("JRCT 2031190264", "jRCT2031190264"),
        ("jRCT identifier: 2031190264", "jRCT2031190264"),
        ("JPRN-UMIN000012345", "UMIN000012345"),
        ("UMIN-CTR 000012345", "UMIN000012345"),
        ("UMIN ID: 000012345", "UMIN000012345"),
        ("Japic CTI-205254", "JapicCTI-205254"),
        ("JPRN-JapicCTI-205254", "JapicCTI-205254"),
        ("DRKS-ID: 00012345", "DRKS00012345"),
        ("CTRI 2020/04/024479", "CTRI/2020/04/024479"),
        ("ctri-2020-04-024479", "CTRI/2020/04/024479"),
        ("ANZCTR 12620000612910", "ACTRN12620000612910"),
        ("ACTRN 12620000612910", "ACTRN12620000612910"),
        ("NTR 1234", "NTR1234"),
        ("RBR 6G9RWB", "RBR-6g9rwb"),
        ("KCT 0004970", "KCT0004970"),
        ("SLCTR-2020-011", "SLCTR/2020/011"),
        ("PER-O15-20", "PER-015-20"),
        ("NTC04355728", "NCT04355728"),
        ("NCT04 355 728", "NCT04355728"),
        ("NCT (04355728)", "NCT04355728"),
        ("NCT registration number = 04355728", "NCT04355728"),
        ("ClinicalTrials.gov identifier: 04355728", "NCT04355728"),
        ("ISRCTN registry no. 47 524 255", "ISRCTN47524255"),
        ("ISRCTRN47524255", "ISRCTN47524255"),
        ("ISRCT N47524255", "ISRCTN47524255"),
        ("IRCT2020 0217 046526-N2", "IRCT20200217046526N2"),
        ("IR.CT20200217046526N2", "IRCT20200217046526N2"),
        ("ChiCRT2000029990", "ChiCTR2000029990"),
        ("ChiCTR ID 20000 29990", "ChiCTR2000029990"),
        ("ChiCTR–IOR–O7013081", "ChiCTR-IOR-07013081"),
        ("EudraCT: 2O20 - 001682 - 36", "EUCTR2020-001682-36"),
        ("EudraCT 2020/001682/36", "EUCTR2020-001682-36"),
        ("EU-CT 2022-500024-30", "CTIS2022-500024-30"),
        ("jRCT:s031190264", "jRCTs031190264"),
        ("UMIN Clinical Trials Registry 000 012 345", "UMIN000012345"),
        ("RBR_6g9rwb", "RBR-6g9rwb"),
        ("KCT000 4970", "KCT0004970"),
        ("TCTR2O20 0401001", "TCTR20200401001"),
        ("SLCTR / 2020 / 011", "SLCTR/2020/011"),
        ("LBCTR 20200 43495", "LBCTR2020043495"),
        ("PACTR 2020 0489 3013 257", "PACTR202004893013257"),
        ("CTRI/ 2020 / 04 / 024479", "CTRI/2020/04/024479"),
        ("CTRI202004024479", "CTRI/2020/04/024479"),
        ("CTRI\\2020\\04\\024479", "CTRI/2020/04/024479"),
        ("CTRI/2020/4/024479", "CTRI/2020/04/024479"),
        ("DRKS (000 12345)", "DRKS00012345"),
        ("ACTRN012620000612910p", "ACTRN12620000612910"),
        ("ACTRN 12620 000 612 910", "ACTRN12620000612910"),
        ("NTR no. 1234", "NTR1234"),
        ("https://www.trialregister.nl/trial/8491", "NL8491"),
        ("CNT04355728", "NCT04355728"),
        ("NTCO4355728", "NCT04355728"),
        ("\uff2e\uff23\uff34\uff10\uff14\uff13\uff15\uff15\uff17\uff12\uff18", "NCT04355728"),
        ("(ISRCTN) 47524255", "ISRCTN47524255"),
        ("IRCTN47524255", "ISRCTN47524255"),
        ("ISRCNT 47524255", "ISRCTN47524255"),
        ("IRTC20200217046526N2", "IRCT20200217046526N2"),
        ("IRCT20200217046526/N2", "IRCT20200217046526N2"),
        ("IRCT2020-02-17-046526N2", "IRCT20200217046526N2"),
        ("ChiCTR.org 2000029990", "ChiCTR2000029990"),
        ("www.chictr.org.cn, no. 2000029990", "ChiCTR2000029990"),
        ("ChiTCR-TRC-12001992", "ChiCTR-TRC-12001992"),
        ("ChiCCTR2000029990", "ChiCTR2000029990"),
        ("EurdaCT 2020/001682/36", "EUCTR2020-001682-36"),
        ("jRTC2031190264", "jRCT2031190264"),
        ("UMIN-CTR C000000123", "JPRN-C000000123"),
        ("JMA IIA00123", "JMA-IIA00123"),
        ("the German register (DRKS) 00012345", "DRKS00012345"),
        ("DKRS00012345", "DRKS00012345"),
        ("DRKS 000 123 45", "DRKS00012345"),
        ("CTIR/2020/04//024479", "CTRI/2020/04/024479"),
        ("ACRTN12620000612910", "ACTRN12620000612910"),
        ("(ANZCTR); 12620000612910", "ACTRN12620000612910"),
        ("Dutch Trial Register, identifier NL 8491", "NL8491"),
        ("RBR no. 6g9rwb", "RBR-6g9rwb"),
        ("KTC0004970", "KCT0004970"),
        ("TCRT20200401001", "TCTR20200401001"),
        ("SCLTR/2020/011", "SLCTR/2020/011"),
        ("SLCTR2020011", "SLCTR/2020/011"),
        ("LBCRT2020043495", "LBCTR2020043495"),
        ("PATCR202004893013257", "PACTR202004893013257"),
        ("NCT reference number 04355728", "NCT04355728"),
        ("ISRCTN ref. 47524255", "ISRCTN47524255"),
        ("registered with ISRCTN under the number 47524255", "ISRCTN47524255"),
        ("ISRCTN registry under the registration number: 47524255", "ISRCTN47524255"),
        ("DRKS reg. no. 00012345", "DRKS00012345"),
        ("DRKS identification number 00012345", "DRKS00012345"),
        ("IRCT n\u00b0 20200217046526N2", "IRCT20200217046526N2"),
        ("PACTR N\u00ba 202004893013257", "PACTR202004893013257"),
        ("NCT is 04355728", "NCT04355728"),
        ("KCT \u201c0004970\u201d", "KCT0004970"),
        ("<b>NCT</b> 04355728", "NCT04355728"),
        ("NCT&nbsp;04355728", "NCT04355728"),
        ("ChiCTR-TRC: 12001992", "ChiCTR-TRC-12001992"),
        ("(ChiCTR-TRC) 12001992", "ChiCTR-TRC-12001992"),
        ("jRCTs (031190264)", "jRCTs031190264"),
        ("\u0421hi\u0421\u0422R2000029990", "ChiCTR2000029990"),
        ("N\u0421T04355728", "NCT04355728"),
        ("\u039dCT04355728", "NCT04355728"),
        ("EUCTR2020-00l682-36", "EUCTR2020-001682-36"),
        ("IRCT202002I7046526N2", "IRCT20200217046526N2"),
        ("NTR reference number 1234", "NTR1234"),
    ],
)
def test_misspellings_are_put_right(typed, number):
    assert find(f"trial registration {typed}") == (number,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NCT0435572",
        "NCT043557281",
        "NCT 0435572 8 patients",
        "ISRCTN4752425",
        "ChiCTR200002999",
        "ChiCTR20000299901",
        "IRCT20200217046526",
        "UMIN12345",
        "ACTRN1262000061291",
        "HCoV-NL63 and NL63",
        "NL-3584 CX Utrecht",
        "NL3584 CX Utrecht",
        "approved as NL12345.058.06",
        "the neurotensin receptor NTR1",
        "phone 020-001682-36",
        "10.1016/2020-001682-36-11",
        "as per-015-20 rule",
        "RBR-binding",
        "a functional unit of 20 to 30 days",
        "CTRI/2020/4/24479",
        "published in NTR 2020: the conference",
        "300 patients in NTR 300",
        "UMIN R000012345",
        "NCT043557 28 patients",
        "PACTR20200489301 325 patients",
        "clinicaltrials.gov: 12345678 records",
        "catalogue number CNT12345678",
        "part KTC1234567",
        "the Dutch register (NTR) 2020",
        "the Dutch register (NTR) 1500 patients",
        "Netherlands Trial Register, NL-3584 CX Utrecht",
        "LCTR2020043495",
        "twins of the NTR (N = 1234)",
        "ChiCTR, tel: 62345678",
        "NTR study 1234 and NTR database 1500",
        "as NTR is 1234 times",
        "RBR with 2months of treatment",
        "NCT0435572in",
        "NCT0435572 I and II",
        "NCT is 0435572 l",
        "DRKS with 0001234 I",
    ],
)
def test_what_is_no_number_is_left(text):
    assert find(text) == ()


@pytest.mark.parametrize(
    "number",
    [
        number
        for number in WELL_FORMED
        if not number.startswith(("NL", "PER", "Jap", "RBR", "ChiCTR-TRC", "jRCTs"))
    ],
)
@pytest.mark.parametrize(
    "sign", [" ", "-", ": ", "#", " # ", " no. ", "\u00a0", "\u2011", " (", " ID: ", " number ", "="]
)
def test_what_stands_between_registry_and_number_is_left_out(number, sign):
    at = next(place for place, letter in enumerate(number) if letter.isdigit())
    begin, rest = number[:at].rstrip("-/"), number[at:]
    assert find(f"see {begin}{sign}{rest}).") == (number,)
    assert find(f"see {begin}{sign}{rest.replace('0', 'O')}).") in {(number,), ()}


@pytest.mark.parametrize(
    "text", ["NCT " * 50_000, "CTRI/" + "2020/" * 40_000, "ISRCTN no. " * 20_000, "UMIN " + "0 " * 60_000]
)
def test_texts_that_only_begin_like_numbers_take_no_time(text):
    start = time.process_time()
    find(text)
    assert time.process_time() - start < 2


def test_several_come_once_in_their_order():
    text = "DRKS00012345, NCT04355728 (nct04355728; EudraCT 2020-001682-36, EUCTR2020-001682-36-GB)"
    assert find(text) == ("DRKS00012345", "NCT04355728", "EUCTR2020-001682-36")
    assert find_in([text, "NCT00000001"])[-1] == "NCT00000001"
    assert registry_of("something else") is None


def test_a_brazilian_number_that_holds_the_mark_of_another_registry_is_one_number():
    assert find("rbr8ntr105.50") == ("RBR-8ntr105",)
    assert find("RBR-8ntr105") == ("RBR-8ntr105",)
