//! Which reports there are, and what their rows can be grouped by.

use sayso_analysis::facts::Fact;

use super::periods::Unit;
use crate::cases::status::words;
use crate::clock::Millis;

/// What tells the groups apart: a text, or a time by the quarter of an hour, since every offset of a zone is a multiple of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw<'a> {
    /// A text.
    Text(&'a str),
    /// Quarters of an hour since 1970.
    Quarter(i64),
}

impl Raw<'_> {
    /// That of a moment.
    pub const fn at(at: Millis) -> Self {
        Self::Quarter(at.div_euclid(900_000))
    }
}

words! {
    /// A report.
    Name {
        /// What came in, what became of it, and how satisfied customers are.
        Overview = "overview",
        /// How many promises were kept.
        Promises = "promises",
        /// The share of complaints, with a control chart.
        Quality = "quality",
        /// What cases come from.
        Causes = "causes",
        /// How satisfied customers are.
        Satisfaction = "satisfaction",
        /// What it costs customers to get their answer.
        Effort = "effort",
        /// What members do, and in which time.
        Workload = "workload",
        /// What something is to customers, of a survey.
        Kano = "kano",
        /// What is important, against how good it is, of a survey.
        Importance = "importance",
        /// How far a service is from what was expected, of a survey.
        Servqual = "servqual",
        /// Who comes again and again, and who may leave.
        Customers = "customers",
    }
}

words! {
    /// What the rows of a report are grouped by.
    By {
        /// One row of all.
        All = "all",
        /// Days of the site's zone.
        Day = "day",
        /// Weeks from Monday on.
        Week = "week",
        /// Months.
        Month = "month",
        /// Quarters of the calendar.
        Quarter = "quarter",
        /// Years.
        Year = "year",
        /// Days of the week.
        Weekday = "weekday",
        /// Hours of the day.
        Hour = "hour",
        /// Hours of the days of the week.
        WeekdayHour = "weekday_hour",
        /// Sites.
        Site = "site",
        /// Teams.
        Team = "team",
        /// Owners.
        Member = "member",
        /// Kinds.
        Kind = "kind",
        /// Tiers of customers.
        Tier = "tier",
        /// Categories.
        Category = "category",
        /// Priorities.
        Priority = "priority",
        /// How feedback came.
        Channel = "channel",
        /// What was promised.
        Promise = "promise",
        /// Problems.
        Problem = "problem",
        /// Items of a survey.
        Item = "item",
        /// Dimensions of the quality of a service.
        Dimension = "dimension",
    }
}

impl Name {
    /// Whether it needs a survey.
    pub const fn is_of_survey(self) -> bool {
        matches!(self, Self::Kano | Self::Importance | Self::Servqual)
    }

    /// Whether a team has it of its own, so that whoever leads one may read it: it tells of cases, and of nothing that the team can't see.
    pub const fn is_of_team(self) -> bool {
        !self.is_of_survey() && !matches!(self, Self::Customers)
    }

    /// What its rows can be grouped by; the first unless something else is asked for.
    pub const fn groupings(self) -> &'static [By] {
        use By::{
            All, Category, Channel, Day, Dimension, Hour, Item, Kind, Member, Month, Priority, Problem, Promise,
            Quarter, Site, Team, Tier, Week, Weekday, WeekdayHour, Year,
        };
        match self {
            Self::Overview => {
                &[All, Day, Week, Month, Quarter, Year, Site, Team, Member, Kind, Tier, Category, Priority, Channel]
            }
            Self::Promises => &[
                Promise,
                All,
                Team,
                Member,
                Tier,
                Kind,
                Category,
                Priority,
                Site,
                Weekday,
                Hour,
                WeekdayHour,
                Day,
                Week,
                Month,
                Quarter,
                Year,
            ],
            Self::Quality => &[Week, Day, Month, Quarter, Year, Category, Site, Team, Channel, Tier],
            Self::Causes => &[Problem, Category, Day, Week, Month, Quarter, Year],
            Self::Satisfaction => {
                &[All, Team, Kind, Tier, Category, Member, Site, Channel, Day, Week, Month, Quarter, Year]
            }
            Self::Effort => {
                &[All, Team, Kind, Tier, Category, Member, Priority, Channel, Day, Week, Month, Quarter, Year]
            }
            Self::Workload => &[Member, Day, Week, Month, Quarter, Year],
            Self::Customers => &[Tier, Site, Day, Week, Month, Quarter, Year],
            Self::Kano | Self::Importance => &[Item],
            Self::Servqual => &[Dimension],
        }
    }

    /// What the rows can be grouped by where the report is of a survey; the first unless something else is asked for.
    pub const fn groupings_of_survey(self) -> &'static [By] {
        use By::{All, Day, Item, Kind, Month, Quarter, Team, Tier, Week, Year};
        match self {
            Self::Satisfaction => &[Item, All, Day, Week, Month, Quarter, Year, Team, Kind, Tier],
            // Which quadrant an item is in, and how large a gap is, is said of all answers together.
            _ => self.groupings(),
        }
    }
}

impl By {
    /// The unit of time that it groups by.
    pub const fn unit(self) -> Option<Unit> {
        match self {
            Self::Day => Some(Unit::Day),
            Self::Week => Some(Unit::Week),
            Self::Month => Some(Unit::Month),
            Self::Quarter => Some(Unit::Quarter),
            Self::Year => Some(Unit::Year),
            _ => None,
        }
    }

    /// Whether its groups have an order of their own; else those come first that are largest.
    pub const fn is_ordered(self) -> bool {
        self.is_of_time() || matches!(self, Self::All | Self::Priority | Self::Promise | Self::Item | Self::Dimension)
    }

    /// Whether its groups are times.
    pub const fn is_of_time(self) -> bool {
        self.unit().is_some() || matches!(self, Self::Weekday | Self::Hour | Self::WeekdayHour)
    }

    /// What tells the group of a case apart; `at` is the time that counts.
    pub fn of<'a>(self, fact: Fact<'a>, at: Millis) -> Raw<'a> {
        if self.is_of_time() {
            return Raw::at(at);
        }
        Raw::Text(match self {
            Self::Site => fact.site(),
            Self::Team => fact.team(),
            Self::Member => fact.owner(),
            Self::Kind => fact.kind(),
            Self::Tier => fact.tier(),
            Self::Category => fact.category(),
            Self::Priority => fact.priority(),
            Self::Channel => fact.channel(),
            Self::Problem => fact.problem(),
            // All of them are one group, or are told apart by something that is no fact of a case.
            _ => "",
        })
    }

    /// The SQL of what tells the groups apart, as a text that is never null; `at` is the column of the time that counts. Times are read by the quarter of
    /// an hour, since every offset of a zone is a multiple of that.
    pub fn expression(self, at: &str) -> String {
        if self.is_of_time() {
            return format!("cast({at} / 900000 as text)");
        }
        let column = match self {
            Self::Site => "cases.site_id",
            Self::Team => "coalesce(cases.team, '')",
            Self::Member => "coalesce(cases.owner_id, '')",
            Self::Kind => "cases.kind",
            Self::Tier => "coalesce(cases.tier, '')",
            Self::Category => "coalesce(cases.category, feedback.category, '')",
            Self::Priority => "cases.priority",
            Self::Channel => "coalesce(cases.channel, '')",
            Self::Promise => "clocks.promise",
            Self::Problem => "coalesce(cases.problem, '')",
            _ => "''",
        };
        column.to_owned()
    }
}
