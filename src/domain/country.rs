//! Country names, as they stand in files that are imported, and their codes: the short
//! names of ISO 3166-1, those of the IANA time zone data, and names in common use, such
//! as `EIRE` and `RSA` in the UCI Online Retail data.

use crate::domain::text::CountryCode;

/// The code of a country by its English name, whatever its case and accents.
///
/// What is no country in ISO 3166-1 has none: `Channel Islands`, `European Community`.
pub fn code_of(name: &str) -> Option<CountryCode> {
    let name = fold(name);
    let (code, _) = NAMES
        .iter()
        .find(|(_, names)| names.split('|').any(|known| known == name))?;
    CountryCode::parse(code).ok()
}

/// Writes a name as [`NAMES`] has it: lower case, without accents, points and a leading
/// article, with `and` for `&` and `saint` for `St`.
fn fold(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' => plain.push('a'),
            'ç' => plain.push('c'),
            'é' | 'è' | 'ê' | 'ë' => plain.push('e'),
            'í' | 'ï' => plain.push('i'),
            'ñ' => plain.push('n'),
            'ó' | 'ô' | 'õ' | 'ö' => plain.push('o'),
            'ú' | 'û' | 'ü' => plain.push('u'),
            '’' => plain.push('\''),
            '&' => plain.push_str(" and "),
            '.' => plain.push(' '),
            other => plain.push(other),
        }
    }
    let mut folded = String::with_capacity(plain.len());
    for word in plain.split_whitespace() {
        match word {
            "the" if folded.is_empty() => continue,
            _ if folded.is_empty() => {}
            _ => folded.push(' '),
        }
        folded.push_str(if word == "st" { "saint" } else { word });
    }
    folded
}

/// Each code with the folded names of its country.
#[rustfmt::skip]
const NAMES: [(&str, &str); 249] = [
    ("AD", "andorra"),
    ("AE", "united arab emirates|uae"),
    ("AF", "afghanistan"),
    ("AG", "antigua and barbuda|antigua"),
    ("AI", "anguilla"),
    ("AL", "albania"),
    ("AM", "armenia"),
    ("AO", "angola"),
    ("AQ", "antarctica"),
    ("AR", "argentina"),
    ("AS", "american samoa"),
    ("AT", "austria"),
    ("AU", "australia"),
    ("AW", "aruba"),
    ("AX", "aland islands|aland"),
    ("AZ", "azerbaijan"),
    ("BA", "bosnia and herzegovina|bosnia"),
    ("BB", "barbados"),
    ("BD", "bangladesh"),
    ("BE", "belgium"),
    ("BF", "burkina faso"),
    ("BG", "bulgaria"),
    ("BH", "bahrain"),
    ("BI", "burundi"),
    ("BJ", "benin"),
    ("BL", "saint barthelemy"),
    ("BM", "bermuda"),
    ("BN", "brunei darussalam|brunei"),
    ("BO", "bolivia, plurinational state of|plurinational state of bolivia|bolivia"),
    ("BQ", "bonaire, sint eustatius and saba|caribbean netherlands|bonaire"),
    ("BR", "brazil"),
    ("BS", "bahamas"),
    ("BT", "bhutan"),
    ("BV", "bouvet island"),
    ("BW", "botswana"),
    ("BY", "belarus"),
    ("BZ", "belize"),
    ("CA", "canada"),
    ("CC", "cocos (keeling) islands|cocos|cocos islands|keeling islands"),
    ("CD", "congo, the democratic republic of the|democratic republic of the congo|dr congo|drc|congo-kinshasa"),
    ("CF", "central african republic"),
    ("CG", "congo|republic of the congo|congo-brazzaville"),
    ("CH", "switzerland"),
    ("CI", "cote d'ivoire|ivory coast"),
    ("CK", "cook islands"),
    ("CL", "chile"),
    ("CM", "cameroon"),
    ("CN", "china|people's republic of china"),
    ("CO", "colombia"),
    ("CR", "costa rica"),
    ("CU", "cuba"),
    ("CV", "cabo verde|cape verde"),
    ("CW", "curacao"),
    ("CX", "christmas island"),
    ("CY", "cyprus"),
    ("CZ", "czechia|czech republic"),
    ("DE", "germany|federal republic of germany"),
    ("DJ", "djibouti"),
    ("DK", "denmark"),
    ("DM", "dominica"),
    ("DO", "dominican republic"),
    ("DZ", "algeria"),
    ("EC", "ecuador"),
    ("EE", "estonia"),
    ("EG", "egypt"),
    ("EH", "western sahara"),
    ("ER", "eritrea"),
    ("ES", "spain"),
    ("ET", "ethiopia"),
    ("FI", "finland"),
    ("FJ", "fiji"),
    ("FK", "falkland islands (malvinas)|falkland islands"),
    ("FM", "micronesia, federated states of|federated states of micronesia|micronesia"),
    ("FO", "faroe islands|faroes"),
    ("FR", "france"),
    ("GA", "gabon"),
    ("GB", "united kingdom|united kingdom of great britain and northern ireland|great britain|britain|uk|england|scotland|wales|northern ireland"),
    ("GD", "grenada"),
    ("GE", "georgia"),
    ("GF", "french guiana"),
    ("GG", "guernsey"),
    ("GH", "ghana"),
    ("GI", "gibraltar"),
    ("GL", "greenland"),
    ("GM", "gambia"),
    ("GN", "guinea"),
    ("GP", "guadeloupe"),
    ("GQ", "equatorial guinea"),
    ("GR", "greece"),
    ("GS", "south georgia and the south sandwich islands"),
    ("GT", "guatemala"),
    ("GU", "guam"),
    ("GW", "guinea-bissau"),
    ("GY", "guyana"),
    ("HK", "hong kong|hong kong sar"),
    ("HM", "heard island and mcdonald islands"),
    ("HN", "honduras"),
    ("HR", "croatia"),
    ("HT", "haiti"),
    ("HU", "hungary"),
    ("ID", "indonesia"),
    ("IE", "ireland|eire|republic of ireland"),
    ("IL", "israel"),
    ("IM", "isle of man|man"),
    ("IN", "india"),
    ("IO", "british indian ocean territory"),
    ("IQ", "iraq"),
    ("IR", "iran, islamic republic of|islamic republic of iran|iran"),
    ("IS", "iceland"),
    ("IT", "italy"),
    ("JE", "jersey"),
    ("JM", "jamaica"),
    ("JO", "jordan"),
    ("JP", "japan"),
    ("KE", "kenya"),
    ("KG", "kyrgyzstan|kyrgyz republic"),
    ("KH", "cambodia"),
    ("KI", "kiribati"),
    ("KM", "comoros"),
    ("KN", "saint kitts and nevis|saint kitts"),
    ("KP", "korea, democratic people's republic of|democratic people's republic of korea|north korea"),
    ("KR", "korea, republic of|republic of korea|south korea|korea"),
    ("KW", "kuwait"),
    ("KY", "cayman islands"),
    ("KZ", "kazakhstan"),
    ("LA", "lao people's democratic republic|laos|lao pdr"),
    ("LB", "lebanon"),
    ("LC", "saint lucia"),
    ("LI", "liechtenstein"),
    ("LK", "sri lanka"),
    ("LR", "liberia"),
    ("LS", "lesotho"),
    ("LT", "lithuania"),
    ("LU", "luxembourg"),
    ("LV", "latvia"),
    ("LY", "libya"),
    ("MA", "morocco"),
    ("MC", "monaco"),
    ("MD", "moldova, republic of|republic of moldova|moldova"),
    ("ME", "montenegro"),
    ("MF", "saint martin (french part)|saint martin (french)|saint martin"),
    ("MG", "madagascar"),
    ("MH", "marshall islands"),
    ("MK", "north macedonia|macedonia"),
    ("ML", "mali"),
    ("MM", "myanmar|burma"),
    ("MN", "mongolia"),
    ("MO", "macao|macau"),
    ("MP", "northern mariana islands"),
    ("MQ", "martinique"),
    ("MR", "mauritania"),
    ("MS", "montserrat"),
    ("MT", "malta"),
    ("MU", "mauritius"),
    ("MV", "maldives"),
    ("MW", "malawi"),
    ("MX", "mexico"),
    ("MY", "malaysia"),
    ("MZ", "mozambique"),
    ("NA", "namibia"),
    ("NC", "new caledonia"),
    ("NE", "niger"),
    ("NF", "norfolk island"),
    ("NG", "nigeria"),
    ("NI", "nicaragua"),
    ("NL", "netherlands|holland"),
    ("NO", "norway"),
    ("NP", "nepal"),
    ("NR", "nauru"),
    ("NU", "niue"),
    ("NZ", "new zealand"),
    ("OM", "oman"),
    ("PA", "panama"),
    ("PE", "peru"),
    ("PF", "french polynesia"),
    ("PG", "papua new guinea"),
    ("PH", "philippines"),
    ("PK", "pakistan"),
    ("PL", "poland"),
    ("PM", "saint pierre and miquelon"),
    ("PN", "pitcairn|pitcairn islands"),
    ("PR", "puerto rico"),
    ("PS", "palestine, state of|state of palestine|palestine|palestinian territories"),
    ("PT", "portugal"),
    ("PW", "palau"),
    ("PY", "paraguay"),
    ("QA", "qatar"),
    ("RE", "reunion"),
    ("RO", "romania"),
    ("RS", "serbia"),
    ("RU", "russian federation|russia"),
    ("RW", "rwanda"),
    ("SA", "saudi arabia"),
    ("SB", "solomon islands"),
    ("SC", "seychelles"),
    ("SD", "sudan"),
    ("SE", "sweden"),
    ("SG", "singapore"),
    ("SH", "saint helena, ascension and tristan da cunha|saint helena"),
    ("SI", "slovenia"),
    ("SJ", "svalbard and jan mayen|svalbard"),
    ("SK", "slovakia|slovak republic"),
    ("SL", "sierra leone"),
    ("SM", "san marino"),
    ("SN", "senegal"),
    ("SO", "somalia"),
    ("SR", "suriname"),
    ("SS", "south sudan"),
    ("ST", "sao tome and principe|sao tome"),
    ("SV", "el salvador"),
    ("SX", "sint maarten (dutch part)|saint maarten (dutch)|sint maarten"),
    ("SY", "syrian arab republic|syria"),
    ("SZ", "eswatini|swaziland"),
    ("TC", "turks and caicos islands"),
    ("TD", "chad"),
    ("TF", "french southern territories"),
    ("TG", "togo"),
    ("TH", "thailand"),
    ("TJ", "tajikistan"),
    ("TK", "tokelau"),
    ("TL", "timor-leste|east timor"),
    ("TM", "turkmenistan"),
    ("TN", "tunisia"),
    ("TO", "tonga"),
    ("TR", "turkiye|turkey"),
    ("TT", "trinidad and tobago|trinidad"),
    ("TV", "tuvalu"),
    ("TW", "taiwan, province of china|taiwan"),
    ("TZ", "tanzania, united republic of|united republic of tanzania|tanzania"),
    ("UA", "ukraine"),
    ("UG", "uganda"),
    ("UM", "united states minor outlying islands|us minor outlying islands"),
    ("US", "united states|united states of america|usa|america"),
    ("UY", "uruguay"),
    ("UZ", "uzbekistan"),
    ("VA", "holy see (vatican city state)|vatican city|vatican|holy see|vatican city state"),
    ("VC", "saint vincent and the grenadines|saint vincent"),
    ("VE", "venezuela, bolivarian republic of|bolivarian republic of venezuela|venezuela"),
    ("VG", "virgin islands, british|british virgin islands"),
    ("VI", "virgin islands, u s|u s virgin islands|us virgin islands"),
    ("VN", "viet nam|vietnam"),
    ("VU", "vanuatu"),
    ("WF", "wallis and futuna"),
    ("WS", "samoa|western samoa"),
    ("YE", "yemen"),
    ("YT", "mayotte"),
    ("ZA", "south africa|rsa|republic of south africa"),
    ("ZM", "zambia"),
    ("ZW", "zimbabwe"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn code(name: &str) -> String {
        code_of(name).map_or_else(String::new, |code| code.to_string())
    }

    /// All 38 names of the UCI Online Retail data.
    #[test]
    fn the_names_of_the_retail_data_are_known() {
        let names = "Australia=AU;Austria=AT;Bahrain=BH;Belgium=BE;Brazil=BR;Canada=CA;Cyprus=CY;\
            Czech Republic=CZ;Denmark=DK;EIRE=IE;Finland=FI;France=FR;Germany=DE;Greece=GR;Hong Kong=HK;\
            Iceland=IS;Israel=IL;Italy=IT;Japan=JP;Lebanon=LB;Lithuania=LT;Malta=MT;Netherlands=NL;\
            Norway=NO;Poland=PL;Portugal=PT;RSA=ZA;Saudi Arabia=SA;Singapore=SG;Spain=ES;Sweden=SE;\
            Switzerland=CH;USA=US;United Arab Emirates=AE;United Kingdom=GB;Channel Islands=;\
            European Community=;Unspecified=";
        let pairs: Vec<_> = names.split(';').collect();
        assert_eq!(pairs.len(), 38);
        for pair in pairs {
            let (name, expected) = pair.trim().split_once('=').unwrap();
            assert_eq!(code(name), expected, "{name}");
        }
    }

    #[test]
    fn other_spellings_are_known() {
        for (name, expected) in [
            (" the  NETHERLANDS ", "NL"),
            ("Côte d’Ivoire", "CI"),
            ("CÔTE D'IVOIRE", "CI"),
            ("Åland Islands", "AX"),
            ("Türkiye", "TR"),
            ("Turkey", "TR"),
            ("St. Kitts & Nevis", "KN"),
            ("Trinidad and Tobago", "TT"),
            ("U.S. Virgin Islands", "VI"),
            ("Korea, Republic of", "KR"),
            ("South Korea", "KR"),
            ("Viet Nam", "VN"),
            ("Russian Federation", "RU"),
            ("Great Britain", "GB"),
            ("", ""),
            ("the", ""),
            ("Atlantis", ""),
            ("united", ""),
            ("usa|america", ""),
        ] {
            assert_eq!(code(name), expected, "{name}");
        }
    }

    #[test]
    fn the_table_is_whole() {
        let mut seen = HashSet::new();
        for ((code, names), expected) in NAMES.iter().zip(CountryCode::all()) {
            assert_eq!(*code, expected.as_str());
            for name in names.split('|') {
                assert_eq!(fold(name), name);
                assert!(seen.insert(name), "{name}");
            }
        }
    }
}
