"""On which scale each measure is pooled, and what stands for no effect; names only, nothing is computed."""

from __future__ import annotations

from evergrove.stats.options import EffectMeasure, Scale

SCALE_OF: dict[EffectMeasure, Scale] = {
    measure: scale
    for scale, measures in (
        (Scale.LOG, "RR OR PETO MPRR MPOR MPORC MPPETO MPORM IRR ROM VR CVR D2OR D2ORN D2ORL HR REH"),
        (Scale.LOG, "PLN IRLN MNLN SDLN CVLN ROMC VRC CVRC"),
        (Scale.NATURAL, "RD AS PHI YUQ YUY RTET PBIT OR2D OR2DN OR2DL MPRD IRD IRSD HD"),
        (Scale.NATURAL, "MD POMPMD SMD SMDH SMD1 SMD1H RPB RBIS CLES AUC CLESN AUCN CLESCN AUCCN"),
        (Scale.NATURAL, "COR UCOR PCOR SPCOR R2 PR IR MN POMPMN SMN ARAW"),
        (Scale.NATURAL, "MC POMPMC SMCC SMCR SMCRH SMCRP SMCRPH"),
        (Scale.FISHER_Z, "ZPHI ZTET ZPB ZBIS ZCOR ZPCOR ZSPCOR ZR2"),
        (Scale.LOGIT, "PLO"),
        (Scale.PROBIT, "PRZ"),
        (Scale.ARCSINE, "PAS"),
        (Scale.SQUARE_ROOT, "IRS"),
        (Scale.FREEMAN_TUKEY, "PFT IRFT"),
        (Scale.HAKSTIAN_WHALEN, "AHW"),
        (Scale.BONETT, "ABT"),
    )
    for measure in map(EffectMeasure, measures.split())
}


def _measures(names: str) -> frozenset[EffectMeasure]:
    """Return the measures that a text names."""
    return frozenset(map(EffectMeasure, names.split()))


#: Measures of one group or of a reliability: no value stands for "no effect".
WITHOUT_NULL = _measures("PR PLN PLO PRZ PAS PFT IR IRLN IRS IRFT MN POMPMN SMN MNLN SDLN CVLN ARAW AHW ABT")
#: Measures whose value of no effect is one half.
HALF_IS_NULL = _measures("CLES AUC CLESN AUCN CLESCN AUCCN")
