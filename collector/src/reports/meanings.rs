//! What the figures of reports mean, in the words of docs/export.md.

/// What a figure means, by the name of its column; none of one that there is not.
pub fn meaning(figure: &str) -> Option<&'static str> {
    Some(match figure {
        "group" => "What the row is about: a week, a team, an item",
        "n" => "Of how many the figures are",
        "value" => "The main figure of the report: a share as a fraction, a score, or a count",
        "low" => "The lower end of its interval of 95 %",
        "high" => "The upper end of its interval of 95 %",
        "note" | "csat_note" => "Why figures are missing: too few",
        "received" => "Cases that came in",
        "complaints" => "Complaints that came in",
        "resolved" => "Cases that were resolved and still are",
        "handled" => "Cases of the member that were resolved and still are",
        "open" => "Cases on which work is left; of promises, those that are open and in time",
        "overdue" => "Open cases with a promise whose time is over",
        "reopened" => "Cases that were reopened",
        "first_response_n" => "Cases with a first response",
        "first_response_median" => "Open minutes until the first response: half of the cases were faster",
        "first_response_p90" => "Open minutes until the first response: nine of ten were faster",
        "resolution_n" => "Cases that were resolved",
        "resolution_median" => "Open minutes until the resolution: half of the cases were faster",
        "resolution_p90" => "Open minutes until the resolution: nine of ten were faster",
        "csat" => "The share of ratings of 4 and 5",
        "csat_n" => "Ratings",
        "csat_low" => "The lower end of the interval of csat",
        "csat_high" => "The upper end of the interval of csat",
        "solved" => "Customers who said that it is solved",
        "unsolved" => "Customers who said that it is not solved",
        "upheld" => "The share of complaints with an outcome that were upheld, also in part",
        "upheld_n" => "Complaints with an outcome",
        "upheld_low" => "The lower end of the interval of upheld",
        "upheld_high" => "The upper end of the interval of upheld",
        "exposure" => "Orders, visits or accounts that complaints are held against",
        "exposure_kind" => "Of what the exposure is",
        "complaints_per_1000" => "Complaints for each thousand of the exposure",
        "met" => "Promises that were kept",
        "breached" => "Promises that were broken",
        "period" => "The part of time",
        "x" => "Complaints",
        "p" => "Complaints of all cases as a fraction, or for each one of the exposure",
        "lower" => "The lower limit of the control chart",
        "upper" => "The upper limit of the control chart",
        "signals" => "The rules that are broken: 1 outside, 2 eight on one side, 3 six rising or falling",
        "outcomes" => "Complaints by outcome",
        "remedy_cost" => "What remedies cost, by currency, with how many",
        "cost" => "What the problem is said to cost",
        "title" => "What the problem is called",
        "customers" => "Customers whose cases they are",
        "cumulative" => "The share of this row and all above it",
        "problem" => "The problem that most of the cases belong to",
        "problem_n" => "How many of the cases belong to it",
        "mean" => "The mean",
        "margin" => "The margin of the score, of 95 %",
        "weighted_value" => "The main figure with each answer counted by its customer's value",
        "weighted_mean" => "The mean, weighted in the same way",
        "weighted_importance" => "Importance, weighted in the same way",
        "weighted_satisfaction" => "Satisfaction, weighted in the same way",
        "weighted_is_rating" => "The I-S rating, weighted in the same way",
        "first_contact" => "Cases that were resolved at first contact",
        "messages_mean" => "Messages until the first resolution: the mean",
        "messages_median" => "Messages until the first resolution: half of the cases had fewer",
        "messages_p90" => "Messages until the first resolution: nine of ten had fewer",
        "transfers_mean" => "How often a case changed its team or owner: the mean",
        "repeats" => "Cases of customers who had come within the 30 days before",
        "known_customers" => "Cases of customers who are known",
        "replies" => "Replies to customers",
        "minutes" => "Minutes that were noted",
        "hours_on_duty" => "Hours on duty: what was entered, else by the calendar of the team",
        "cases_per_hour" => "Cases resolved for each hour on duty",
        "team" => "The key of the team that the member is compared with",
        "team_median" => "Cases of that team resolved for each hour on duty: the median of its members",
        "team_spread" => "How far its members are from that: the median",
        "urgent_share" => "The share of cases that were urgent or high",
        "urgent_low" => "The lower end of the interval of urgent_share",
        "urgent_high" => "The upper end of the interval of urgent_share",
        "reopened_share" => "The share of cases that were reopened",
        "reopened_low" => "The lower end of the interval of reopened_share",
        "reopened_high" => "The upper end of the interval of reopened_share",
        "cases" => "Cases of these customers",
        "repeat_complainers" => "Customers who complained at least twice",
        "unresolved" => "Customers with an open case",
        "at_risk" => "Customers who may leave: something is overdue, or scores are low or fell",
        "item" => "The key of the item",
        "dimension" => "The dimension of service quality",
        "counts" => "Answers by Kano's letters",
        "category" => "What the item is to customers, by Kano's letters",
        "weak" => "Whether the first two letters are so close that chance may have decided",
        "unclear" => "Whether more than a fifth of the answers contradict themselves",
        "better" => "How much satisfaction rises if it is there",
        "worse" => "How much it falls if it is not",
        "importance" => "The mean importance, 1 to 5",
        "satisfaction" => "The mean satisfaction of those who know it, 1 to 5",
        "satisfaction_n" => "How many know it",
        "quadrant" => "What to do: concentrate_here, keep_up, low_priority or possible_overkill",
        "is_rating" => "Importance × (1 − satisfaction); from 0.20 on it comes first",
        "expectation" => "The mean of what customers expect, 1 to 7",
        "perception" => "The mean of what they perceive, 1 to 7",
        "gap" => "Perceived minus expected",
        // What is nested is described by its first part.
        nested => return nested.split_once('.').and_then(|(first, _)| meaning(first)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_is_described_as_the_documentation_has_it() {
        let page = include_str!("../../../docs/export.md");
        let mut described = 0;
        let (_, reports) = page.split_once("## Reports").expect("a part about reports");
        for line in reports.lines().filter(|line| line.starts_with("| `")) {
            let mut parts = line.trim_matches('|').splitn(2, '|').map(str::trim);
            let name = parts.next().expect("a name").trim_matches('`');
            assert_eq!(meaning(name), parts.next(), "{name}");
            described += 1;
        }
        assert!(described > 80, "{described}");
        assert_eq!(meaning("counts.A"), meaning("counts"));
    }
}
