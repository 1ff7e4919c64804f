//! Texts as customers write them: words by their natural frequencies (Zipf), in English and Chinese, the same in each run.

/// A generator of numbers that is fast and gives the same in each run (splitmix64).
pub struct Dice(u64);

impl Dice {
    /// One for a number.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    /// Whether something holds that does so `times` of `of` times.
    pub fn holds(&mut self, times: usize, of: usize) -> bool {
        self.below(of) < times
    }

    /// A rank below `end`, by Zipf's law: the n-th is half as frequent as the (n/2)-th.
    pub fn rank(&mut self, end: usize) -> usize {
        let share = self.below(1 << 30) as f64 / f64::from(1 << 30);
        ((end as f64).powf(share) as usize).saturating_sub(1).min(end - 1)
    }
}

const SYLLABLES: [&str; 24] = [
    "ba", "con", "de", "er", "fi", "gra", "hel", "in", "jo", "ka", "lo", "mer", "no", "or", "pre", "qui", "re", "sta",
    "ti", "un", "ver", "wa", "xe", "yo",
];
/// Different words of the made-up English.
const WORDS: usize = 40_000;
/// Characters that Chinese texts are made of, the most frequent first, as far as they are about things that were bought.
const CHARACTERS: &str = "的一是了我不在有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进此话常与活正感见明问力理尔点文几定本公特做外孩相西果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书部水像眼等体却加电主界门利海受听表德少克代员许稜先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候民岁往何度山觉路带万男边风解叫任金快原吃妈变通师立象数四失满战远格士音轻目条呢病始达深完今提求清王化空业思切怎非找片罗钱紶吗语元喜曾离飞科言干流欢约各即指合反题必该论交终林请医晚制球决窢传画保读运及则房早院量苦火布品近坐产答星精视五连司巴奇管类未朋且婚台夜青北队久乎越观落尽形影红爸百令周吧识步希亚术留市半热送兴造谈容极随演收首根讲整式取照办强石古华諣拿计您装似足双妻尼转诉米称丽客南领节衣站黑刻统断福城故历惊脸选包紧争另建维绝树系伤示愿持千史谁准联妇纪基买志静阿诗独复痛消社算算";

/// The `rank`-th of the words.
fn word(rank: usize) -> String {
    let mut rest = rank + 30;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
    }
    word
}

/// What the case with this number says. Every second one says `order`, one in 25 `delivery`, one in 50,000 `zanzibar`; `northern` and
/// `southern` are frequent and never meet.
pub fn message(number: usize) -> String {
    let mut dice = Dice::new(number as u64);
    let mut text = String::new();
    if dice.holds(2, 5) {
        let characters: Vec<char> = CHARACTERS.chars().collect();
        for sentence in 0..2 + dice.below(4) {
            (0..8 + dice.below(16)).for_each(|_| text.push(characters[dice.rank(characters.len())]));
            text.push(if sentence == 0 { '，' } else { '。' });
        }
        if dice.holds(1, 10) {
            text.push_str("送货迟到了。");
        }
    } else {
        for _ in 0..12 + dice.below(50) {
            text.push_str(&word(dice.rank(WORDS)));
            text.push(' ');
        }
    }
    for (extra, times) in [("order ", 500_000), ("delivery ", 40_000), ("refund ", 60_000), ("zanzibar ", 20)] {
        if dice.holds(times, 1_000_000) {
            text.push_str(extra);
        }
    }
    text.push_str(if number.is_multiple_of(2) { "northern " } else { "southern " });
    text.push_str(&format!("no {number}"));
    text
}

/// What is said in it later.
pub fn reply(number: usize, at: usize) -> String {
    let mut dice = Dice::new((number * 16 + at) as u64 ^ 0xABCD);
    (0..10 + dice.below(25)).map(|_| word(dice.rank(WORDS)) + " ").collect()
}
