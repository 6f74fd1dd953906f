// What the big screen tells while it waits, each with where it is from. Rules carry their year:
// they change, and the authority's own page is what counts.

const PRESS = { ja: "伊勢新聞の報道", en: "Ise Shimbun reports" };
const ORDINANCE = { ja: "航空法施行規則 第174条", en: "Civil Aeronautics Act, Ordinance art. 174" };

export const FACTS = [
  {
    ja: "線の色は高さです。紫は低く、金色は高く飛んだところ。",
    en: "The colour of a line is height: violet is low, gold is high.",
  },
  {
    ja: "2021年1月13日、中部国際空港と志摩スペイン村のあいだ約60 kmを、空飛ぶクルマに見立てたヘリコプターが飛びました。",
    en: "On 13 January 2021 a helicopter flew about 60 km between Centrair and Shima Spain Village in a flying car's place.",
    source: PRESS,
  },
  {
    ja: "2020年の全国調査では、65.1%の人が自宅の上を空飛ぶクルマが飛ぶことに不安を感じています。理由は事故、落下物、騒音の順です。",
    en: "In a survey of Japan in 2020, 65.1 % were uneasy about a flying car over their home: accidents first, then falling objects, then noise.",
    source: { ja: "全国調査 2020年8月、65,703人", en: "nationwide survey, August 2020, 65,703 people" },
  },
  {
    ja: "人が乗る航空機は、人や家が密集した所では、周り600 mで最も高い障害物より300 m以上高く飛びます。",
    en: "Over dense areas an aircraft with people on board keeps 300 m above the highest obstacle within 600 m.",
    source: ORDINANCE,
  },
  {
    ja: "高さには基準があります。海抜、地表から、離陸地点から。基準がちがえば、同じ100 mでもちがう高さです。",
    en: "A height needs a datum: sea level, ground or take-off point. The same 100 m can be three different heights.",
  },
  {
    ja: "2019年12月17日、南伊勢町の葛島を大型ドローンが高さ約150 mで一周しました。3 kmの飛行でした。",
    en: "On 17 December 2019 a large drone circled Kuzushima off Minami-Ise, 3 km at about 150 m.",
    source: PRESS,
  },
  {
    ja: "地表や水面から150 m以上でドローンを飛ばすには、国の許可がいります(2026年の制度)。",
    en: "To fly a drone 150 m or more above ground or water needs a permission (rules of 2026).",
    source: { ja: "国の制度の解説(確認は国土交通省で)", en: "accounts of the national rules; check with the ministry" },
  },
  {
    ja: "2020年1月30日、鳥羽マリンターミナルから坂手島などを巡るドローンの自動飛行が公開されました。",
    en: "On 30 January 2020 a drone flew by itself from Toba Marine Terminal round Sakate island, before the public.",
    source: { ja: "公開された報道", en: "public news reports" },
  },
  {
    ja: "空飛ぶクルマは、電気で垂直に離着陸する新しい航空機(eVTOL)です。",
    en: "A flying car is a new kind of aircraft that takes off and lands vertically on electric power (eVTOL).",
  },
  {
    ja: "2023年1月、イオンモール津南の空のモビリティ展には3日間で約7,400人が訪れました。",
    en: "In January 2023 about 7,400 people came to the sky mobility exhibition at Aeon Mall Tsu-minami in three days.",
    source: { ja: "三重県", en: "Mie prefecture" },
  },
];
