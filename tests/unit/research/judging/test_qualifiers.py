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


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("en", "The fee fell this year.", "The fee rose last year."),
        ("en", "The membership fee fell this year.", "The membership fee rose last year."),
        ("en", "Attendance rose this season.", "Attendance fell last season."),
        (
            "en",
            "Attendance fell by 12 percent in the same season.",
            "Attendance fell by 30 percent last season.",
        ),
        ("en", "The fee did not rise this year.", "The fee rose last year."),
        ("en", "The bridge is open this week.", "The bridge was closed last week."),
        ("en", "The membership fee was 40 euros last year.", "The membership fee is 50 euros this year."),
        ("de", "Der Beitrag ist dieses Jahr gesunken.", "Der Beitrag ist letztes Jahr gestiegen."),
        ("fr", "La cotisation a baissé cette année.", "La cotisation a augmenté l'année dernière."),
        ("en", "The fee fell yesterday.", "The fee rose today."),
        ("en", "The fee fell in spring.", "The fee rose in autumn."),
        ("es", "La cuota bajó este año.", "La cuota subió el año pasado."),
        ("it", "La quota è scesa quest'anno.", "La quota è salita l'anno scorso."),
        ("nl", "De bijdrage daalde dit jaar.", "De bijdrage steeg vorig jaar."),
        ("pt", "A quota desceu este ano.", "A quota subiu no ano passado."),
        ("ru", "Взнос снизился в этом году.", "Взнос вырос в прошлом году."),
        ("zh", "今年会费下降了。", "去年会费上涨了。"),
        ("ja", "今年、会費は下がった。", "昨年、会費は上がった。"),
        ("ko", "올해 회비는 내렸다.", "지난해 회비는 올랐다."),
        ("ar", "انخفضت الرسوم هذا العام.", "ارتفعت الرسوم العام الماضي."),
        ("hi", "इस साल शुल्क घटा।", "पिछले साल शुल्क बढ़ा।"),
        ("zh", "今年会费为40元。", "去年会费为50元。"),
        ("zh", "上季度游客减少了。", "本季度游客增加了。"),
        ("de", "Die Besucherzahl stieg in dieser Saison.", "Die Besucherzahl sank in der vorigen Saison."),
        ("en", "Sales rose this quarter.", "Sales fell in the previous quarter."),
        ("en", "Sales rose in the first quarter.", "Sales fell in the second quarter."),
        ("en", "The fee rose in the first year.", "The fee fell in the third year."),
    ],
)
def test_this_year_is_not_the_last_one(code: str, one: str, other: str) -> None:
    assert relation(one, other, code) is UNLIKE
