"""What one statement says besides (when, of which part, for whom) may be what it is true of: then nothing is
in dispute, and nothing agreed."""

import pytest

from unit.research.judging.judged import UNLIKE, relation


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("en", "The baths employ 34 people.", "The baths employ 41 people, seven more than the year before."),
        ("en", "The baths are open on Mondays.", "The baths are closed on Mondays in January."),
        ("en", "The mayor was elected in May 2021.", "In May 2021 the mayor was re-elected."),
        ("en", "The museum holds 3,400 paintings.", "3,400 paintings by women are held by the museum."),
        (
            "de",
            "Die Buslinie 4 fährt alle zwanzig Minuten.",
            "Die Buslinie 4 fährt sonntags alle vierzig Minuten.",
        ),
        ("de", "Der Fahrpreis betrug 2,40 Euro.", "Der Fahrpreis beträgt seit Januar 2,80 Euro."),
        ("de", "Der Speisesaal hat 90 Plätze.", "Der kleine Speisesaal hat 30 Plätze."),
        (
            "fr",
            "Le refuge a reçu 4 100 visiteurs en 2022.",
            "Le refuge a reçu 1 300 visiteurs en juillet 2022.",
        ),
        ("fr", "Le dîner est servi à 19 heures.", "Le dimanche, le dîner est servi à 18 heures."),
        (
            "fr",
            "Le téléphérique fonctionne tous les jours.",
            "Le téléphérique ne fonctionne pas par grand vent.",
        ),
        ("zh", "步行上山需要三个小时。", "带孩子步行上山需要五个小时。"),
        ("zh", "观光车票价为30元。", "学生观光车票价为15元。"),
        ("zh", "景区2022年接待游客92万人次。", "景区2022年国庆节接待游客11万人次。"),
        ("zh", "景区面积为46平方公里。", "景区核心区面积为12平方公里。"),
        ("zh", "景区门票为80元。", "冬季景区门票为40元。"),
    ],
)
def test_a_rule_and_its_exception_are_no_dispute(code: str, one: str, other: str) -> None:
    assert relation(one, other, code) is UNLIKE
