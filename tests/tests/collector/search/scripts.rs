//! The same answers in every script that people write in, on both databases.

use sayso::cases::search::{Search, SearchQuery, SearchText};
use sayso_tests::on_both_databases;

use super::{all_pages, make_cases, reindex};

/// What customers wrote.
const TEXTS: [&str; 24] = [
    "在线客服一直不回复，发票也没有开",                      // 0
    "線上客服不回覆，發票沒有開，快遞員態度差",              // 1
    "客户服务很好",                                          // 2
    "配送が遅れて、パンが潰れていました。返金してください",  // 3
    "ﾊﾟﾝとｺｰﾋｰ",                                              // 4
    "배송이 늦었고 환불을 못 받았어요",                      // 5
    "สินค้าเสียหายระหว่างการขนส่ง ยังไม่ได้รับเงินคืน",                 // 6
    "الصندوق وصل مُحَطَّمًا ولم أستردّ المال",                     // 7
    "الصندوق محطما والمال لم يصل",                           // 8
    "পার্সেল দেরিতে এসেছে, টাকা ফেরত চাই",                        // 9
    "הַחֲבִילָה הִגִּיעָה שְׁבוּרָה",                                    // 10
    "החבילה לא הגיעה",                                       // 11
    "पार्सल देर से आया, पैसे वापस चाहिए",                         // 12
    "Посылка пришла поздно, верните деньги",                 // 13
    "Το δέμα άργησε πολύ",                                   // 14
    "Die Lieferung kam zu spät, zwei Rechnungen für Müller", // 15
    "ＡＢ－１２ ｉｓ ｂｒｏｋｅｎ",                          // 16
    "Invoice 2026-11-0042 is wrong",                         // 17
    "Rechnung 2026.11.0042 ist falsch",                      // 18
    "发票2026/11/0042号，订单A-1042/7",                      // 19
    "My number is 0170 123 4567, order A1042.7",             // 20
    "Paid 0042 on the 11th of 2026",                         // 21
    "İstanbul'a gelmedi 😡😡",                               // 22
    "Gói hàng đến muộn, đường Nguyễn Huệ",                   // 23
];

/// What the staff type, and which of the texts it finds, the newest first.
const QUERIES: [(&str, &[usize]); 69] = [
    ("客服", &[1, 0]),
    ("客", &[2, 1, 0]),
    ("發票", &[19, 1, 0]),
    ("发票", &[19, 1, 0]),
    ("“發票沒有”", &[1]),
    ("「发票没有」", &[1]),
    ("发票 -快递", &[19, 0]),
    ("发票 -「线上客服」", &[19, 0]),
    ("-客服 -“客户服务” -kind:praise 客", &[]),
    ("回復", &[0]),
    ("配送", &[3]),
    ("遅", &[3]),
    ("返金", &[3]),
    ("パン", &[4, 3]),
    ("ﾊﾟﾝ", &[4, 3]),
    ("コーヒー", &[4]),
    ("배송", &[5]),
    ("환불을", &[5]),
    ("늦", &[5]),
    ("สินค้า", &[6]),
    ("ขนส่ง", &[6]),
    ("\"เงินคืน\"", &[6]),
    ("مُحَطَّم", &[8, 7]),
    ("محطم", &[8, 7]),
    ("المال", &[7]),
    ("\"لم يصل\"", &[8]),
    ("الصندوق -وصل", &[8]),
    ("পার্সেল", &[9]),
    ("টাকা", &[9]),
    ("\"টাকা ফেরত\"", &[9]),
    ("חבילה", &[]),
    ("החבילה", &[11, 10]),
    ("הַחֲבִילָה", &[11, 10]),
    ("שבורה", &[10]),
    ("देर", &[12]),
    ("\"पैसे वापस\"", &[12]),
    ("посылка", &[13]),
    ("ПОСЫЛКА -поздно", &[]),
    ("деньги", &[13]),
    ("ΔΕΜΑ", &[14]),
    ("αργησε", &[14]),
    ("rechnung", &[18, 15]),
    ("muller", &[15]),
    ("MÜLLER", &[15]),
    ("\"zu spät\"", &[15]),
    ("„zu spat“", &[15]),
    ("«spät zu»", &[]),
    ("ab-12", &[16]),
    ("AB12", &[]),
    ("ｂｒｏｋｅｎ", &[16]),
    ("broken", &[16]),
    ("2026-11-0042", &[19, 18, 17]),
    ("2026.11.0042", &[19, 18, 17]),
    ("2026/11/0042", &[19, 18, 17]),
    ("2026110042", &[19, 18, 17]),
    ("２０２６－１１－００４２", &[19, 18, 17]),
    ("2026 11 0042", &[19, 18, 17]),
    ("\"2026 11 0042\"", &[19, 18, 17]),
    ("0042 -2026-11-0042", &[21]),
    ("A-1042/7", &[20, 19]),
    ("a10427", &[20, 19]),
    ("A1042-7", &[20, 19]),
    ("01701234567", &[20]),
    ("0170-1234567", &[20]),
    ("(0170) 123-4567", &[20]),
    ("istanbul", &[22]),
    ("😡", &[22]),
    ("nguyen hue", &[23]),
    ("“đường Nguyễn”", &[23]),
];

on_both_databases! {
    async fn every_script_is_found_alike(app: TestApp) {
        let ids = make_cases(&app, TEXTS.len(), |number| TEXTS[number].to_owned()).await;
        reindex(&app).await;
        for (typed, expected) in QUERIES {
            let query = SearchQuery::parse(typed).unwrap();
            let text = SearchText::resolve(&app.app, &query, Default::default()).await.unwrap().unwrap();
            let found = all_pages(&app, &Search::newest(text, 2)).await;
            let places: Vec<usize> = found.iter().map(|id| ids.iter().position(|one| one == id).unwrap()).collect();
            assert_eq!(places, expected, "{typed}");
        }
    }
}
