//! Who writes to the demo company.

/// How important a customer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// They furnish hotels.
    Gold,
    /// They come back.
    Silver,
    /// Everybody else.
    Usual,
}

impl Tier {
    /// Its key.
    pub(super) const fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Gold => Some("gold"),
            Self::Silver => Some("silver"),
            Self::Usual => None,
        }
    }
}

/// A customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Customer {
    pub(super) name: &'static str,
    /// The first part of their address, which is theirs alone.
    pub(super) mailbox: &'static str,
    pub(super) locale: &'static str,
    pub(super) tier: Tier,
}

const fn of(name: &'static str, mailbox: &'static str, locale: &'static str, tier: Tier) -> Customer {
    Customer { name, mailbox, locale, tier }
}

/// Those whom the company knows. The first ones write most.
pub(super) const CUSTOMERS: [Customer; 44] = [
    of("何俊", "he.jun", "zh-CN", Tier::Gold),
    of("Harbour Hotel", "rooms", "en-GB", Tier::Gold),
    of("马丽", "ma.li", "zh-CN", Tier::Silver),
    of("Oliver Grant", "oliver.grant", "en-GB", Tier::Usual),
    of("林雅婷", "lin.yating", "zh-TW", Tier::Silver),
    of("Nadia Rossi", "nadia.rossi", "en-GB", Tier::Usual),
    of("徐静", "xu.jing", "zh-CN", Tier::Usual),
    of("Ethan Cole", "ethan.cole", "en-US", Tier::Silver),
    of("高翔", "gao.xiang", "zh-CN", Tier::Usual),
    of("Lakeside Offices", "facilities", "en-US", Tier::Gold),
    of("郭敏", "guo.min", "zh-CN", Tier::Silver),
    of("Sofia Novak", "sofia.novak", "en-GB", Tier::Usual),
    of("罗杰", "luo.jie", "zh-CN", Tier::Usual),
    of("Amelia Hart", "amelia.hart", "en-GB", Tier::Silver),
    of("梁美玲", "leung.meiling", "zh-HK", Tier::Usual),
    of("宋佳", "song.jia", "zh-CN", Tier::Usual),
    of("James Whitfield", "james.whitfield", "en-GB", Tier::Usual),
    of("邓超", "deng.chao", "zh-CN", Tier::Silver),
    of("Green Tea House", "owner", "en-GB", Tier::Gold),
    of("韩雪", "han.xue", "zh-CN", Tier::Usual),
    of("Lucas Meyer", "lucas.meyer", "en-GB", Tier::Usual),
    of("冯刚", "feng.gang", "zh-CN", Tier::Usual),
    of("Isabel Ortega", "isabel.ortega", "en-US", Tier::Silver),
    of("曹颖", "cao.ying", "zh-CN", Tier::Usual),
    of("彭磊", "peng.lei", "zh-CN", Tier::Usual),
    of("Charlotte Webb", "charlotte.webb", "en-GB", Tier::Usual),
    of("曾国强", "tsang.kwokkeung", "zh-HK", Tier::Silver),
    of("Ben Adeyemi", "ben.adeyemi", "en-GB", Tier::Usual),
    of("蒋欣", "jiang.xin", "zh-CN", Tier::Usual),
    of("蔡淑芬", "tsai.shufen", "zh-TW", Tier::Usual),
    of("Eleanor Price", "eleanor.price", "en-GB", Tier::Usual),
    of("贾明", "jia.ming", "zh-CN", Tier::Silver),
    of("Marco Bianchi", "marco.bianchi", "en-GB", Tier::Usual),
    of("魏红", "wei.hong", "zh-CN", Tier::Usual),
    of("Grace Lindqvist", "grace.lindqvist", "en-GB", Tier::Usual),
    of("薛涛", "xue.tao", "zh-CN", Tier::Usual),
    of("Riverside Clinic", "office", "en-US", Tier::Gold),
    of("叶倩", "ye.qian", "zh-CN", Tier::Usual),
    of("Henry Okoro", "henry.okoro", "en-GB", Tier::Usual),
    of("余建国", "yu.jianguo", "zh-CN", Tier::Usual),
    of("Clara Jensen", "clara.jensen", "en-GB", Tier::Silver),
    of("田甜", "tian.tian", "zh-CN", Tier::Usual),
    of("Noah Fischer", "noah.fischer", "en-GB", Tier::Usual),
    of("姜文丽", "jiang.wenli", "zh-CN", Tier::Usual),
];
