"""The codes of units of measure (UN/ECE Recommendation 20) for the words that people write."""

PIECES = "C62"
"""One: also for what has no code here."""

_WORDS = {
    PIECES: "pcs pc piece pieces ea each unit units st stk stück stueck",
    "HUR": "h hr hrs hour hours std stunde stunden",
    "MIN": "min mins minute minutes",
    "DAY": "d day days tag tage",
    "WEE": "wk week weeks woche wochen",
    "MON": "mo month months monat monate",
    "ANN": "yr year years jahr jahre",
    "KGM": "kg kilo kilos kilogram kilograms",
    "GRM": "g gram grams",
    "TNE": "t to ton tons tonne tonnes",
    "LBR": "lb lbs pound pounds",
    "MTR": "m meter meters metre metres lfm",
    "CMT": "cm",
    "MMT": "mm",
    "KMT": "km kilometer kilometers kilometre kilometres",
    "FOT": "ft foot feet",
    "SMI": "mile miles",
    "MTK": "m2 m² sqm qm",
    "FTK": "ft2 ft² sqft",
    "MTQ": "m3 m³ cbm",
    "LTR": "l liter liters litre litres ltr",
    "MLT": "ml",
    "KWH": "kwh",
    "SET": "set sets",
    "PR": "pair pairs paar",
    "XBX": "box boxes",
    "XPK": "pack packs package packages paket pakete",
    "XPX": "pallet pallets palette paletten",
    "LS": "ls lump lumpsum flat pauschal",
    "P1": "% percent",
    "E48": "service services",
}
_CODES = {word: code for code, words in _WORDS.items() for word in words.split()}


def unit_code(unit: str) -> str:
    """Of a word in any case, with or without a point at its end."""
    word = unit.strip().rstrip(".").replace(" ", "").lower()
    return _CODES.get(word, PIECES)
