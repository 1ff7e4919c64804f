use proptest::prelude::*;
use serde_json::json;

use super::*;

fn everything(text: &str) -> String {
    mask(text.to_owned(), Masking::Everything)
}

fn luhn_digit(digits: &str) -> char {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).expect("one digit")
}

/// The number in groups of so many, parted by a separator.
fn grouped(number: &str, size: usize, separator: &str) -> String {
    let characters: Vec<char> = number.chars().collect();
    characters.chunks(size).map(|group| group.iter().collect()).collect::<Vec<String>>().join(separator)
}

fn identity_check(digits: &str) -> char {
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = digits.bytes().zip(weights).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    "10X98765432".chars().nth(sum as usize % 11).expect("eleven checks")
}

fn iban(country: &str, account: &str) -> String {
    let value = |text: &str| {
        let digits = text.chars().map(|c| c.to_digit(36).expect("letters and digits").to_string()).collect::<String>();
        digits.bytes().fold(0, |sum, byte| (sum * 10 + u32::from(byte - b'0')) % 97)
    };
    let check = 98 - value(&format!("{account}{country}00"));
    format!("{country}{check:02}{account}")
}

#[test]
fn masks_cards_and_leaves_other_numbers() {
    for (typed, expected) in [
        ("card 4111 1111 1111 1111!", "card •••• •••• •••• 1111!"),
        ("卡号4111111111111111", "卡号••••••••••••1111"),
        ("卡号４１１１１１１１１１１１１１１１", "卡号••••••••••••１１１１"),
        ("3782-822463-10005", "••••-••••••-•0005"),
        ("2026 4111 1111 1111 1111 12/27 123", "2026 •••• •••• •••• 1111 12/27 123"),
        ("VISA4111111111111111", "VISA••••••••••••1111"),
        ("6222021234567890128", "•••••••••••••••0128"),
        ("4111.1111.1111.1111", "••••.••••.••••.1111"),
        ("4111  1111  1111  1111", "••••  ••••  ••••  1111"),
        ("4111/1111/1111/1111", "••••/••••/••••/1111"),
        ("4111_1111_1111_1111", "••••_••••_••••_1111"),
        ("4111 1111\r\n1111 1111", "•••• ••••\r\n•••• 1111"),
        ("4111 - 1111 - 1111 - 1111", "•••• - •••• - •••• - 1111"),
        ("4111\u{200b}1111\u{200b}1111\u{200b}1111", "••••\u{200b}••••\u{200b}••••\u{200b}1111"),
        ("٤١١١ ١١١١ ١١١١ ١١١١", "•••• •••• •••• ١١١١"),
        ("४१११११११११११११११", "••••••••••••११११"),
        ("41111111 11111111", "•••••••• ••••1111"),
        ("4111 11111111 1111", "•••• •••••••• 1111"),
        ("411111 1111111111", "•••••• ••••••1111"),
        ("411111-9999999994", "••••••-••••••9994"),
        ("4111-1111-11111111", "••••-••••-••••1111"),
        ("4111 111111111111", "•••• ••••••••1111"),
        ("3782 82246310005", "•••• •••••••0005"),
        ("RuPay 6069 8500 0000 0003", "RuPay •••• •••• •••• 0003"),
        ("Troy 9792030394440796", "Troy ••••••••••••0796"),
        ("Elo 6362 9700 0045 7013", "Elo •••• •••• •••• 7013"),
        ("Hipercard 6062826786276634", "Hipercard ••••••••••••6634"),
        ("Maestro 5018000000007", "Maestro •••••••••0007"),
        ("Maestro 501800000000007", "Maestro •••••••••••0007"),
        ("+6281234567899", "+6281234567899"),
        ("Mumbai 400001 9876543218", "Mumbai 400001 9876543218"),
        ("192.168.100.200", "192.168.100.200"),
        ("parcel YT4111111111111111", "parcel YT4111111111111111"),
        ("order 4111111111111112", "order 4111111111111112"),
        ("order 1234567890123456789", "order 1234567890123456789"),
        ("order 305-4567890-1234561", "order 305-4567890-1234561"),
        ("+86 138 0013 8000", "+86 138 0013 8000"),
        ("• 4111 1111 1111 1111", "• •••• •••• •••• 1111"),
        ("4111,1111,1111,1111.", "••••,••••,••••,1111."),
        ("4111·1111·1111·1111", "••••·••••·••••·1111"),
        ("4111•1111•1111•1111", "•••••••••••••••1111"),
        ("卡号：４１１１：１１１１：１１１１：１１１１", "卡号：••••：••••：••••：１１１１"),
        ("4111*1111*1111*1111", "••••*••••*••••*1111"),
        ("4111|1111|1111|1111", "••••|••••|••••|1111"),
        ("4111+1111+1111+1111", "••••+••••+••••+1111"),
        ("4111～1111～1111～1111", "••••～••••～••••～1111"),
        ("3782,822463,10005", "••••,••••••,•0005"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "• • • • • • • • • • • • 1 1 1 1"),
        ("maestro 6759649826438453", "maestro ••••••••••••8453"),
        ("2200 0000 0000 0004", "•••• •••• •••• 0004"),
        ("4111,1111,1111,1111,4111", "4111,1111,1111,1111,4111"),
        ("12,4111,1111,1111,1111", "12,4111,1111,1111,1111"),
        ("4111、1111、1111、1111", "4111、1111、1111、1111"),
        ("4111, 1111, 1111, 1111", "4111, 1111, 1111, 1111"),
        ("411,111,111,111,111,001", "411,111,111,111,111,001"),
        ("1 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "1 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"),
    ] {
        assert_eq!(mask(typed.to_owned(), Masking::Cards), expected);
        assert_eq!(everything(typed), expected);
    }
}

#[test]
fn masks_identity_numbers_accounts_and_secrets_unless_the_writer_insists() {
    for (typed, expected) in [
        ("我的身份证是11010519491231002X。", "我的身份证是••••••••••••••002X。"),
        ("110105 19491231 002x", "•••••• •••••••• 002x"),
        ("身份证110105491231002", "身份证•••••••••••1002"),
        ("110105194912310021", "110105194912310021"),
        ("11010519491331002X", "11010519491331002X"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN •••• •••• •••• •••• ••30 00."),
        ("gb82west12345698765432", "••••••••••••••••••5432"),
        ("ＤＥ８９３７０４００４４０５３２０１３０００", "••••••••••••••••••３０００"),
        ("DE89  3704  0044  0532  0130  00", "••••  ••••  ••••  ••••  ••30  00"),
        ("YE15CBYE0001018861234567891234", "••••••••••••••••••••••••••1234"),
        ("11010519491231002Ⅹ", "••••••••••••••002Ⅹ"),
        ("１１０１０５１９４９１２３１００２ｘ", "••••••••••••••００２ｘ"),
        (
            "see https://shop.example/?redirect=https%3A%2F%2Fy.example%2F%3Ftoken%3Dabcdefg",
            "see https://shop.example/?redirect=***",
        ),
        ("DE89370400440532013001", "DE89370400440532013001"),
        ("NO 93 8601 1117 947", "•• •• •••• •••7 947"),
        ("order no.9386011117947", "order no.9386011117947"),
        (
            "see https://shop.example/reset?token=abc123&lang=de#top, please",
            "see https://shop.example/reset?token=***&lang=de#top, please",
        ),
        ("在shop.example/a?password=hunter2。", "在shop.example/a?password=***。"),
        ("postgres://li:hunter2@db.example/shop", "postgres://db.example/shop"),
        ("https://a.example/#access_token=abcd&state=1", "https://a.example/#access_token=***&state=1"),
        ("what? a=b", "what? a=b"),
        ("mail li@example.com", "mail li@example.com"),
    ] {
        assert_eq!(everything(typed), expected);
        assert_eq!(mask(typed.to_owned(), Masking::Cards), typed, "the writer insists");
    }
}

#[test]
fn masks_every_text_of_a_document() {
    let document = json!({"cart": ["4111 1111 1111 1111", 7, null], "from": {"url": "https://a.example/?token=abcd"}, "card": 4111111111111111_u64, "4111111111111111": 1});
    let masked = json!({"cart": ["•••• •••• •••• 1111", 7, null], "from": {"url": "https://a.example/?token=***"}, "card": "••••••••••••1111", "••••••••••••1111": 1});
    assert_eq!(mask_document(document, Masking::Everything), masked);
}

#[test]
fn a_long_text_of_nothing_but_numbers_is_gone_through_once() {
    // Were it gone through again for each number, this would take minutes.
    for part in ["4", "4 ", "4444 ", "4444,", "%25", "%3Fb%3D", "DE", "DE ", "DE- ", "a?b=", "://", "1101051949123 "] {
        let long = part.repeat(400_000 / part.len());
        assert!(everything(&long).chars().count() <= long.chars().count());
    }
}

proptest! {
    #[test]
    fn every_card_is_masked(
        prefix in "4|5[1-5]|62|6011|65|222[1-9]|2[3-6]",
        rest in "[0-9]{18}",
        length in 13_usize..=19,
        grouping in prop::sample::select(vec![(19, ""), (4, " "), (4, "-"), (4, "\u{a0}"), (2, " "), (4, "."), (4, "  "), (4, "\n"), (4, "\u{200b}")]),
        before in "(card |卡号|no\\.|\\()?",
        after in "( exp 12/27|，|\\.|\\))?",
    ) {
        let number: String = format!("{prefix}{rest}").chars().take(length - 1).collect();
        let number = format!("{number}{}", luhn_digit(&number));
        let typed = grouped(&number, grouping.0, grouping.1);
        for masking in [Masking::Cards, Masking::Everything] {
            let masked = mask(format!("{before}{typed}{after}"), masking);
            prop_assert!(!masked.contains(&typed), "{masked}");
            prop_assert_eq!(masked.chars().filter(|c| *c == '•').count(), length - 4);
        }
    }

    #[test]
    fn every_card_is_masked_when_some_of_its_groups_are_written_together(
        prefix in "4|5[1-5]|62|65|60|9792",
        rest in "[0-9]{15}",
        sizes in prop::sample::select(vec![[8, 8, 0], [4, 8, 4], [4, 4, 8], [8, 4, 4], [4, 12, 0], [12, 4, 0]]),
        separator in prop::sample::select(vec![" ", "-", "\u{a0}"]),
    ) {
        let number: String = format!("{prefix}{rest}").chars().take(15).collect();
        let number = format!("{number}{}", luhn_digit(&number));
        let mut rest = number.as_str();
        let mut groups = Vec::new();
        for size in sizes.into_iter().filter(|size| *size > 0) {
            let (group, more) = rest.split_at(size);
            groups.push(group);
            rest = more;
        }
        let typed = groups.join(separator);
        let masked = mask(format!("card {typed}, exp 12/27"), Masking::Cards);
        prop_assert_eq!(masked.chars().filter(|c| *c == '•').count(), 12, "{}", typed);
    }

    #[test]
    fn every_identity_number_is_masked(
        region in "(11|31|44|51|65)(01|02|15)(01|05|81)",
        (year, month, day) in (1930_u32..2026, 1_u32..=12, 1_u32..=28),
        order in 1_u32..1000,
        grouping in prop::sample::select(vec![(18, ""), (6, " "), (6, "-")]),
    ) {
        let digits = format!("{region}{year}{month:02}{day:02}{order:03}");
        let number = format!("{digits}{}", identity_check(&digits));
        let typed = grouped(&number, grouping.0, grouping.1);
        let masked = everything(&format!("身份证号：{typed}，谢谢"));
        prop_assert_eq!(masked.chars().filter(|c| *c == '•').count(), 14, "{}", typed);
        let old = format!("{region}{:02}{month:02}{day:02}{order:03}", year % 100);
        prop_assert!(!everything(&old).contains(&old));
    }

    #[test]
    fn every_account_is_masked(
        (country, account) in prop_oneof![
            "[0-9]{18}".prop_map(|account| ("DE", account)),
            "[A-Z]{4}[0-9]{14}".prop_map(|account| ("GB", account)),
            "[0-9]{10}[A-Z0-9]{11}[0-9]{2}".prop_map(|account| ("FR", account)),
            "[0-9]{11}".prop_map(|account| ("NO", account)),
            "[A-Z]{4}[A-Z0-9]{24}[A-Z]{3}".prop_map(|account| ("MT", account.chars().take(27).collect())),
        ],
        size in prop::sample::select(vec![40_usize, 4]),
    ) {
        let typed = grouped(&iban(country, &account), size, " ");
        let masked = everything(&format!("to {typed}."));
        prop_assert!(!masked.contains(&typed), "{masked}");
        prop_assert!(!everything(&typed.to_lowercase()).contains(&typed.to_lowercase()));
    }

    #[test]
    fn secrets_of_addresses_are_masked(
        name in "token|api_key|password|session|code|signature|sid|accessToken",
        secret in "[a-zA-Z0-9]{6,30}",
        before in "(https://shop[.]example/a|shop[.]example/b/c|www[.]shop[.]example)",
        sign in "[?#]",
    ) {
        let typed = format!("it was {before}{sign}a=1&{name}={secret}&b=2.");
        let kept = everything(&typed);
        prop_assert!(!kept.contains(&format!("={secret}")), "{kept}");
        prop_assert!(kept.ends_with("&b=2."), "{kept}");
    }

    #[test]
    fn other_texts_stay(text in "[^0-9?#:=]{0,80}") {
        prop_assert_eq!(everything(&text), text);
    }

    #[test]
    fn masked_text_is_no_longer_and_stays_as_it_is(text in "([0-9 \\-aDE89你•X?=&#:/.@,*+%]|4111 1111 1111 1111|4111,1111,1111,1111|4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1|%3Ftoken%3D|https://a.b/|token=|11010519491231002X|DE89370400440532013000){0,40}") {
        for masking in [Masking::Cards, Masking::Everything] {
            let once = mask(text.clone(), masking);
            prop_assert!(once.chars().count() <= text.chars().count());
            prop_assert_eq!(mask(once.clone(), masking), once);
        }
    }
}

#[test]
fn an_address_in_a_parameter_is_not_the_one_around_it() {
    let typed = "https://a¡b//11010519491231002XDE89370400440532013000?token=https://a";
    let once = everything(typed);
    assert_eq!(once, "https://a¡b//***?token=***");
    assert_eq!(everything(&once), once);
}

/// Numbers that people write to a shop and that are none of these, made by a generator with a fixed beginning.
#[test]
fn false_alarms_are_at_most_one_in_a_thousand() {
    let mut state = 0x5eed_u64;
    let mut random = |below: u64| {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    };
    let (mut wrong, mut all) = (Vec::new(), 0);
    for _ in 0..4_000 {
        let day = format!("2026-{:02}-{:02}", 1 + random(12), 1 + random(28));
        let compact = day.replace('-', "");
        let texts = [
            // Orders: counted, by date, of Amazon, of JD, with letters.
            format!("order {}", 100_000 + random(900_000_000)),
            format!("order {compact}{:09}", random(1_000_000_000)),
            format!("order {:03}-{:07}-{:07}", random(1_000), random(10_000_000), random(10_000_000)),
            format!("订单{}", 100_000_000_000 + random(900_000_000_000)),
            format!("SO-2026-{:08}, REF{:012}", random(100_000_000), random(1_000_000_000_000)),
            // Phones.
            format!("+86 1{}{} {:04} {:04}", 3 + random(7), random(10), random(10_000), random(10_000)),
            format!("0049 {} {:08}", 151 + random(30), random(100_000_000)),
            format!(
                "+1 ({}) {}-{:04} or {}",
                201 + random(700),
                200 + random(800),
                random(10_000),
                10_000 + random(90_000)
            ),
            format!("13{:09} / 15{:09}", random(1_000_000_000), random(1_000_000_000)),
            // Two of Hong Kong or Singapore, a postcode of India with one, and one of Indonesia in one piece.
            format!("{}{:07} / {}{:07}", 6 + random(4), random(10_000_000), 6 + random(4), random(10_000_000)),
            format!("{}{:05} {}{:09}", 1 + random(8), random(100_000), 6 + random(4), random(1_000_000_000)),
            format!("+62812{:08}", random(100_000_000)),
            // Parcels: UPS, FedEx, USPS, SF, YTO, DHL, Royal Mail.
            format!("1Z999AA1{:010}", random(10_000_000_000)),
            format!("FedEx {:012}", random(1_000_000_000_000)),
            format!(
                "9400 1{:03} {:04} {:04} {:04} {:02}",
                random(1_000),
                random(10_000),
                random(10_000),
                random(10_000),
                random(100)
            ),
            format!("SF1{:012}, YT4{:012}", random(1_000_000_000_000), random(1_000_000_000_000)),
            format!("JD{:018}", random(1_000_000_000_000_000_000)),
            format!("RB{:09}GB", random(1_000_000_000)),
            // Dates and amounts.
            format!("{day} {:02}:{:02} - {day}", random(24), random(60)),
            format!("{compact} {compact}"),
            format!(
                "{},{:03}.{:02} € and {}.{:02} €",
                random(1_000),
                random(1_000),
                random(100),
                random(100_000),
                random(100)
            ),
            format!("¥{} + ¥{}", random(1_000_000), random(10_000_000)),
            format!(
                "{},{:03},{:03},{:03},{:03} VND",
                1 + random(999),
                random(1_000),
                random(1_000),
                random(1_000),
                random(1_000)
            ),
            format!("{}+{}+{}", 1_000 + random(9_000), 1_000 + random(9_000), 1_000 + random(9_000)),
            format!("{:02}:{:02}:{:02}, {day}", random(24), random(60), random(60)),
            format!(
                "订单{}、{}、{}、{}",
                1_000 + random(9_000),
                1_000 + random(9_000),
                1_000 + random(9_000),
                1_000 + random(9_000)
            ),
            format!(
                "order {}, {}, {}, {}",
                1_000 + random(9_000),
                1_000 + random(9_000),
                1_000 + random(9_000),
                1_000 + random(9_000)
            ),
            // A phone number that is spelt.
            format!("49151{:08}", random(100_000_000)).chars().map(|digit| format!("{digit} ")).collect::<String>(),
            format!("{}", 1_700_000_000_000 + random(100_000_000_000)),
        ];
        all += texts.len();
        wrong.extend(texts.into_iter().filter(|text| everything(text) != *text));
    }
    assert!(wrong.len() * 1_000 <= all, "{} of {all}, such as {:?}", wrong.len(), &wrong[..wrong.len().min(10)]);
}
