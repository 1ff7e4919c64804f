//! What customers and staff of the demo company say, from small sets in English and Chinese.

/// What a case is about: its kind and its topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    LateDelivery,
    DamagedDelivery,
    Product,
    Repair,
    Order,
    Service,
    DeliveryQuestion,
    ProductQuestion,
    OrderQuestion,
    Suggestion,
    Praise,
}

/// English ones, then Chinese ones.
type Sentences = [&'static [&'static str]; 2];

/// What customers write of a subject.
pub(super) const fn written(subject: Subject) -> Sentences {
    match subject {
        Subject::LateDelivery => [
            &[
                "The delivery was booked for Saturday morning, and nobody came.",
                "My sofa was to arrive on Saturday. The courier says that the van was full.",
                "I took a day off for the delivery slot, and it was moved to next week without a call.",
                "The parcel is three days late, and the tracking page has not changed since Thursday.",
            ],
            &[
                "说好周六上午送货，等了一天也没有人来。",
                "沙发约在周六送到，快递说车装满了，改到下周。",
                "我专门请假等送货，结果没有通知就改了时间。",
                "包裹晚了三天，物流信息从周四起就没有更新。",
            ],
        ],
        Subject::DamagedDelivery => [
            &[
                "The box was torn, and one leg of the table is scratched.",
                "The glass of the cabinet door arrived broken.",
                "The mattress cover was wet when it was delivered.",
            ],
            &["包装箱破了，桌腿上有一道划痕。", "柜门玻璃送到时已经碎了。", "床垫送到时外套是湿的。"],
        ],
        Subject::Product => [
            &[
                "One leg of the dining table wobbles, whatever I do with the screws.",
                "The drawer of the bedside table sticks after two weeks.",
                "The fridge is louder than in the shop, most of all at night.",
                "The fabric of the armchair is another colour than on the page.",
            ],
            &[
                "餐桌有一条腿总是晃，螺丝怎么拧都没用。",
                "床头柜的抽屉用了两周就卡住了。",
                "冰箱的声音比店里的大，晚上尤其明显。",
                "扶手椅的布料颜色和网页上的不一样。",
            ],
        ],
        Subject::Repair => [
            &[
                "I waited at home all day for the repair, and nobody came.",
                "The washing machine was repaired twice, and still leaks.",
                "Nobody could tell me when the repair is, only which week.",
                "The engineer came without the part that he needed.",
            ],
            &[
                "在家等了一整天，维修师傅没有来。",
                "洗衣机修了两次，还是漏水。",
                "没有人能告诉我哪天上门维修，只说是哪一周。",
                "师傅来了，但是没有带需要的配件。",
            ],
        ],
        Subject::Order => [
            &[
                "The invoice shows two lamps. I ordered one.",
                "My refund has not arrived after ten days.",
                "The discount code was taken, and not counted.",
            ],
            &["发票上写了两盏灯，我只订了一盏。", "退款过了十天还没有到账。", "优惠码用了，但是没有减价。"],
        ],
        Subject::Service => [
            &[
                "I called three times, and was asked for my order number each time.",
                "Nobody answered the phone on Monday.",
            ],
            &["打了三次电话，每次都要重新报订单号。", "周一打电话一直没有人接。"],
        ],
        Subject::DeliveryQuestion => [
            &[
                "Do you deliver to the fourth floor without a lift?",
                "Can I move my delivery to the week after?",
                "Is a delivery in the evening possible?",
            ],
            &["没有电梯的四楼可以送货上门吗？", "送货可以改到下一周吗？", "晚上可以送货吗？"],
        ],
        Subject::ProductQuestion => [
            &[
                "Which oil is right for the oak table?",
                "Does the fridge fit through a door of 70 cm?",
                "Is the sofa cover washable?",
            ],
            &["橡木桌用什么油保养？", "70 厘米宽的门，冰箱能搬进去吗？", "沙发套可以水洗吗？"],
        ],
        Subject::OrderQuestion => [
            &[
                "Can I pay by bank transfer?",
                "How do I get an invoice for my company?",
                "Can I still change the colour?",
            ],
            &["可以银行转账付款吗？", "怎么开公司抬头的发票？", "颜色现在还可以改吗？"],
        ],
        Subject::Suggestion => [
            &[
                "Show on the tracking page where the van is.",
                "A slot of one hour would be worth a small fee to me.",
                "Put the instructions on the website, too.",
            ],
            &["希望物流页面能看到货车的位置。", "如果能约准一小时的时段，我愿意加一点钱。", "说明书也放到网站上吧。"],
        ],
        Subject::Praise => [
            &[
                "The two who carried the sofa up were careful and kind.",
                "Answered within an hour, and right at once. Thank you!",
                "The wardrobe looks better than in the picture.",
            ],
            &["两位送货师傅很细心，态度也好。", "一小时内就回复了，而且一次说清楚，谢谢！", "衣柜比照片上还好看。"],
        ],
    }
}

/// What the staff write first, where they answer at once, and where they come back with the solution.
pub(super) const ON_IT: Sentences = [
    &[
        "I am sorry about this. I look into it and write again today.",
        "Thank you for writing. I have asked our warehouse, and will tell you what they say.",
    ],
    &["非常抱歉，我马上去查，今天给您回复。", "感谢您的反馈，我已向仓库核实，有消息马上告诉您。"],
];

/// What the staff write with the solution.
pub(super) const SOLVED: Sentences = [
    &[
        "It is done: everything is arranged as you wished. Please tell us if anything is left.",
        "We have put it right, and I have noted it for the team so that it does not happen again.",
    ],
    &["已经为您处理好了，如果还有问题请随时告诉我们。", "问题已经解决，也已反馈给团队，避免再次发生。"],
];

/// What customers add.
pub(super) const MORE: Sentences = [&["Thank you. The order number is on the picture."], &["谢谢，订单号在图片上。"]];

/// What customers write when it was not solved.
pub(super) const NOT_YET: Sentences = [&["It is still not solved."], &["还是没有解决。"]];
