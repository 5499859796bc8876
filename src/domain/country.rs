//! Country names, as they stand in files that are imported, and their codes: the short
//! names of ISO 3166-1, those of the IANA time zone data, and names in common use, such
//! as `EIRE` and `RSA` in the UCI Online Retail data.

use crate::domain::text::CountryCode;

/// The code of a country by its English name, whatever its case and accents.
///
/// What is no country in ISO 3166-1 has none: `Channel Islands`, `European Community`.
pub fn code_of(name: &str) -> Option<CountryCode> {
    let name = fold(name);
    let (code, ..) = NAMES
        .iter()
        .find(|(.., names)| names.split('|').any(|known| known == name))?;
    CountryCode::parse(code).ok()
}

/// The English name of a country by its code, for people to read.
pub fn name_of(code: &str) -> Option<&'static str> {
    let at = NAMES.binary_search_by_key(&code, |(code, ..)| code).ok()?;
    Some(NAMES[at].1)
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

/// Each code with the name that people read, and the folded names that they may write.
#[rustfmt::skip]
const NAMES: [(&str, &str, &str); 249] = [
    ("AD", "Andorra", "andorra"),
    ("AE", "United Arab Emirates", "united arab emirates|uae"),
    ("AF", "Afghanistan", "afghanistan"),
    ("AG", "Antigua and Barbuda", "antigua and barbuda|antigua"),
    ("AI", "Anguilla", "anguilla"),
    ("AL", "Albania", "albania"),
    ("AM", "Armenia", "armenia"),
    ("AO", "Angola", "angola"),
    ("AQ", "Antarctica", "antarctica"),
    ("AR", "Argentina", "argentina"),
    ("AS", "American Samoa", "american samoa"),
    ("AT", "Austria", "austria"),
    ("AU", "Australia", "australia"),
    ("AW", "Aruba", "aruba"),
    ("AX", "Åland Islands", "aland islands|aland"),
    ("AZ", "Azerbaijan", "azerbaijan"),
    ("BA", "Bosnia and Herzegovina", "bosnia and herzegovina|bosnia"),
    ("BB", "Barbados", "barbados"),
    ("BD", "Bangladesh", "bangladesh"),
    ("BE", "Belgium", "belgium"),
    ("BF", "Burkina Faso", "burkina faso"),
    ("BG", "Bulgaria", "bulgaria"),
    ("BH", "Bahrain", "bahrain"),
    ("BI", "Burundi", "burundi"),
    ("BJ", "Benin", "benin"),
    ("BL", "Saint Barthélemy", "saint barthelemy"),
    ("BM", "Bermuda", "bermuda"),
    ("BN", "Brunei", "brunei darussalam|brunei"),
    ("BO", "Bolivia", "bolivia, plurinational state of|plurinational state of bolivia|bolivia"),
    ("BQ", "Caribbean Netherlands", "bonaire, sint eustatius and saba|caribbean netherlands|bonaire"),
    ("BR", "Brazil", "brazil"),
    ("BS", "Bahamas", "bahamas"),
    ("BT", "Bhutan", "bhutan"),
    ("BV", "Bouvet Island", "bouvet island"),
    ("BW", "Botswana", "botswana"),
    ("BY", "Belarus", "belarus"),
    ("BZ", "Belize", "belize"),
    ("CA", "Canada", "canada"),
    ("CC", "Cocos (Keeling) Islands", "cocos (keeling) islands|cocos|cocos islands|keeling islands"),
    ("CD", "DR Congo", "congo, the democratic republic of the|democratic republic of the congo|dr congo|drc|congo-kinshasa"),
    ("CF", "Central African Republic", "central african republic"),
    ("CG", "Republic of the Congo", "congo|republic of the congo|congo-brazzaville"),
    ("CH", "Switzerland", "switzerland"),
    ("CI", "Côte d’Ivoire", "cote d'ivoire|ivory coast"),
    ("CK", "Cook Islands", "cook islands"),
    ("CL", "Chile", "chile"),
    ("CM", "Cameroon", "cameroon"),
    ("CN", "China", "china|people's republic of china"),
    ("CO", "Colombia", "colombia"),
    ("CR", "Costa Rica", "costa rica"),
    ("CU", "Cuba", "cuba"),
    ("CV", "Cape Verde", "cabo verde|cape verde"),
    ("CW", "Curaçao", "curacao"),
    ("CX", "Christmas Island", "christmas island"),
    ("CY", "Cyprus", "cyprus"),
    ("CZ", "Czechia", "czechia|czech republic"),
    ("DE", "Germany", "germany|federal republic of germany"),
    ("DJ", "Djibouti", "djibouti"),
    ("DK", "Denmark", "denmark"),
    ("DM", "Dominica", "dominica"),
    ("DO", "Dominican Republic", "dominican republic"),
    ("DZ", "Algeria", "algeria"),
    ("EC", "Ecuador", "ecuador"),
    ("EE", "Estonia", "estonia"),
    ("EG", "Egypt", "egypt"),
    ("EH", "Western Sahara", "western sahara"),
    ("ER", "Eritrea", "eritrea"),
    ("ES", "Spain", "spain"),
    ("ET", "Ethiopia", "ethiopia"),
    ("FI", "Finland", "finland"),
    ("FJ", "Fiji", "fiji"),
    ("FK", "Falkland Islands", "falkland islands (malvinas)|falkland islands"),
    ("FM", "Micronesia", "micronesia, federated states of|federated states of micronesia|micronesia"),
    ("FO", "Faroe Islands", "faroe islands|faroes"),
    ("FR", "France", "france"),
    ("GA", "Gabon", "gabon"),
    ("GB", "United Kingdom", "united kingdom|united kingdom of great britain and northern ireland|great britain|britain|uk|england|scotland|wales|northern ireland"),
    ("GD", "Grenada", "grenada"),
    ("GE", "Georgia", "georgia"),
    ("GF", "French Guiana", "french guiana"),
    ("GG", "Guernsey", "guernsey"),
    ("GH", "Ghana", "ghana"),
    ("GI", "Gibraltar", "gibraltar"),
    ("GL", "Greenland", "greenland"),
    ("GM", "Gambia", "gambia"),
    ("GN", "Guinea", "guinea"),
    ("GP", "Guadeloupe", "guadeloupe"),
    ("GQ", "Equatorial Guinea", "equatorial guinea"),
    ("GR", "Greece", "greece"),
    ("GS", "South Georgia and the South Sandwich Islands", "south georgia and the south sandwich islands"),
    ("GT", "Guatemala", "guatemala"),
    ("GU", "Guam", "guam"),
    ("GW", "Guinea-Bissau", "guinea-bissau"),
    ("GY", "Guyana", "guyana"),
    ("HK", "Hong Kong", "hong kong|hong kong sar"),
    ("HM", "Heard Island and McDonald Islands", "heard island and mcdonald islands"),
    ("HN", "Honduras", "honduras"),
    ("HR", "Croatia", "croatia"),
    ("HT", "Haiti", "haiti"),
    ("HU", "Hungary", "hungary"),
    ("ID", "Indonesia", "indonesia"),
    ("IE", "Ireland", "ireland|eire|republic of ireland"),
    ("IL", "Israel", "israel"),
    ("IM", "Isle of Man", "isle of man|man"),
    ("IN", "India", "india"),
    ("IO", "British Indian Ocean Territory", "british indian ocean territory"),
    ("IQ", "Iraq", "iraq"),
    ("IR", "Iran", "iran, islamic republic of|islamic republic of iran|iran"),
    ("IS", "Iceland", "iceland"),
    ("IT", "Italy", "italy"),
    ("JE", "Jersey", "jersey"),
    ("JM", "Jamaica", "jamaica"),
    ("JO", "Jordan", "jordan"),
    ("JP", "Japan", "japan"),
    ("KE", "Kenya", "kenya"),
    ("KG", "Kyrgyzstan", "kyrgyzstan|kyrgyz republic"),
    ("KH", "Cambodia", "cambodia"),
    ("KI", "Kiribati", "kiribati"),
    ("KM", "Comoros", "comoros"),
    ("KN", "Saint Kitts and Nevis", "saint kitts and nevis|saint kitts"),
    ("KP", "North Korea", "korea, democratic people's republic of|democratic people's republic of korea|north korea"),
    ("KR", "South Korea", "korea, republic of|republic of korea|south korea|korea"),
    ("KW", "Kuwait", "kuwait"),
    ("KY", "Cayman Islands", "cayman islands"),
    ("KZ", "Kazakhstan", "kazakhstan"),
    ("LA", "Laos", "lao people's democratic republic|laos|lao pdr"),
    ("LB", "Lebanon", "lebanon"),
    ("LC", "Saint Lucia", "saint lucia"),
    ("LI", "Liechtenstein", "liechtenstein"),
    ("LK", "Sri Lanka", "sri lanka"),
    ("LR", "Liberia", "liberia"),
    ("LS", "Lesotho", "lesotho"),
    ("LT", "Lithuania", "lithuania"),
    ("LU", "Luxembourg", "luxembourg"),
    ("LV", "Latvia", "latvia"),
    ("LY", "Libya", "libya"),
    ("MA", "Morocco", "morocco"),
    ("MC", "Monaco", "monaco"),
    ("MD", "Moldova", "moldova, republic of|republic of moldova|moldova"),
    ("ME", "Montenegro", "montenegro"),
    ("MF", "Saint Martin", "saint martin (french part)|saint martin (french)|saint martin"),
    ("MG", "Madagascar", "madagascar"),
    ("MH", "Marshall Islands", "marshall islands"),
    ("MK", "North Macedonia", "north macedonia|macedonia"),
    ("ML", "Mali", "mali"),
    ("MM", "Myanmar", "myanmar|burma"),
    ("MN", "Mongolia", "mongolia"),
    ("MO", "Macao", "macao|macau"),
    ("MP", "Northern Mariana Islands", "northern mariana islands"),
    ("MQ", "Martinique", "martinique"),
    ("MR", "Mauritania", "mauritania"),
    ("MS", "Montserrat", "montserrat"),
    ("MT", "Malta", "malta"),
    ("MU", "Mauritius", "mauritius"),
    ("MV", "Maldives", "maldives"),
    ("MW", "Malawi", "malawi"),
    ("MX", "Mexico", "mexico"),
    ("MY", "Malaysia", "malaysia"),
    ("MZ", "Mozambique", "mozambique"),
    ("NA", "Namibia", "namibia"),
    ("NC", "New Caledonia", "new caledonia"),
    ("NE", "Niger", "niger"),
    ("NF", "Norfolk Island", "norfolk island"),
    ("NG", "Nigeria", "nigeria"),
    ("NI", "Nicaragua", "nicaragua"),
    ("NL", "Netherlands", "netherlands|holland"),
    ("NO", "Norway", "norway"),
    ("NP", "Nepal", "nepal"),
    ("NR", "Nauru", "nauru"),
    ("NU", "Niue", "niue"),
    ("NZ", "New Zealand", "new zealand"),
    ("OM", "Oman", "oman"),
    ("PA", "Panama", "panama"),
    ("PE", "Peru", "peru"),
    ("PF", "French Polynesia", "french polynesia"),
    ("PG", "Papua New Guinea", "papua new guinea"),
    ("PH", "Philippines", "philippines"),
    ("PK", "Pakistan", "pakistan"),
    ("PL", "Poland", "poland"),
    ("PM", "Saint Pierre and Miquelon", "saint pierre and miquelon"),
    ("PN", "Pitcairn Islands", "pitcairn|pitcairn islands"),
    ("PR", "Puerto Rico", "puerto rico"),
    ("PS", "Palestine", "palestine, state of|state of palestine|palestine|palestinian territories"),
    ("PT", "Portugal", "portugal"),
    ("PW", "Palau", "palau"),
    ("PY", "Paraguay", "paraguay"),
    ("QA", "Qatar", "qatar"),
    ("RE", "Réunion", "reunion"),
    ("RO", "Romania", "romania"),
    ("RS", "Serbia", "serbia"),
    ("RU", "Russia", "russian federation|russia"),
    ("RW", "Rwanda", "rwanda"),
    ("SA", "Saudi Arabia", "saudi arabia"),
    ("SB", "Solomon Islands", "solomon islands"),
    ("SC", "Seychelles", "seychelles"),
    ("SD", "Sudan", "sudan"),
    ("SE", "Sweden", "sweden"),
    ("SG", "Singapore", "singapore"),
    ("SH", "Saint Helena", "saint helena, ascension and tristan da cunha|saint helena"),
    ("SI", "Slovenia", "slovenia"),
    ("SJ", "Svalbard and Jan Mayen", "svalbard and jan mayen|svalbard"),
    ("SK", "Slovakia", "slovakia|slovak republic"),
    ("SL", "Sierra Leone", "sierra leone"),
    ("SM", "San Marino", "san marino"),
    ("SN", "Senegal", "senegal"),
    ("SO", "Somalia", "somalia"),
    ("SR", "Suriname", "suriname"),
    ("SS", "South Sudan", "south sudan"),
    ("ST", "São Tomé and Príncipe", "sao tome and principe|sao tome"),
    ("SV", "El Salvador", "el salvador"),
    ("SX", "Sint Maarten", "sint maarten (dutch part)|saint maarten (dutch)|sint maarten"),
    ("SY", "Syria", "syrian arab republic|syria"),
    ("SZ", "Eswatini", "eswatini|swaziland"),
    ("TC", "Turks and Caicos Islands", "turks and caicos islands"),
    ("TD", "Chad", "chad"),
    ("TF", "French Southern Territories", "french southern territories"),
    ("TG", "Togo", "togo"),
    ("TH", "Thailand", "thailand"),
    ("TJ", "Tajikistan", "tajikistan"),
    ("TK", "Tokelau", "tokelau"),
    ("TL", "Timor-Leste", "timor-leste|east timor"),
    ("TM", "Turkmenistan", "turkmenistan"),
    ("TN", "Tunisia", "tunisia"),
    ("TO", "Tonga", "tonga"),
    ("TR", "Türkiye", "turkiye|turkey"),
    ("TT", "Trinidad and Tobago", "trinidad and tobago|trinidad"),
    ("TV", "Tuvalu", "tuvalu"),
    ("TW", "Taiwan", "taiwan, province of china|taiwan"),
    ("TZ", "Tanzania", "tanzania, united republic of|united republic of tanzania|tanzania"),
    ("UA", "Ukraine", "ukraine"),
    ("UG", "Uganda", "uganda"),
    ("UM", "US Minor Outlying Islands", "united states minor outlying islands|us minor outlying islands"),
    ("US", "United States", "united states|united states of america|usa|america"),
    ("UY", "Uruguay", "uruguay"),
    ("UZ", "Uzbekistan", "uzbekistan"),
    ("VA", "Vatican City", "holy see (vatican city state)|vatican city|vatican|holy see|vatican city state"),
    ("VC", "Saint Vincent and the Grenadines", "saint vincent and the grenadines|saint vincent"),
    ("VE", "Venezuela", "venezuela, bolivarian republic of|bolivarian republic of venezuela|venezuela"),
    ("VG", "British Virgin Islands", "virgin islands, british|british virgin islands"),
    ("VI", "US Virgin Islands", "virgin islands, u s|u s virgin islands|us virgin islands"),
    ("VN", "Vietnam", "viet nam|vietnam"),
    ("VU", "Vanuatu", "vanuatu"),
    ("WF", "Wallis and Futuna", "wallis and futuna"),
    ("WS", "Samoa", "samoa|western samoa"),
    ("YE", "Yemen", "yemen"),
    ("YT", "Mayotte", "mayotte"),
    ("ZA", "South Africa", "south africa|rsa|republic of south africa"),
    ("ZM", "Zambia", "zambia"),
    ("ZW", "Zimbabwe", "zimbabwe"),
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
        for ((code, shown, names), expected) in NAMES.iter().zip(CountryCode::all()) {
            assert_eq!(*code, expected.as_str());
            assert_eq!(name_of(code), Some(*shown));
            assert_eq!(code_of(shown).as_ref(), Some(&expected), "{shown}");
            for name in names.split('|') {
                assert_eq!(fold(name), name);
                assert!(seen.insert(name), "{name}");
            }
        }
        assert_eq!(name_of("XX"), None);
    }
}
