//! Everything that is asked: each view, filter, search and page.

use std::sync::Arc;

use crate::ask::{Question, Who};
use crate::server::Server;
use crate::texts::Dice;

/// What a page may take, at most, for 95 of 100.
const PAGE_MS: f64 = 50.0;

/// All questions.
pub fn all(server: &Server) -> Vec<Question> {
    let inbox = |name, query: &str| {
        let path = format!("/staff/cases?{query}");
        Question { name, path: Arc::new(move |_| path.clone()), who: Who::Member, budget_ms: PAGE_MS }
    };
    let search = |name, text: &str| {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        inbox(name, &format!("status=all&q={text}"))
    };
    let list = |name, query: &str| {
        let path = format!("/api/v1/cases?{query}");
        Question { name, path: Arc::new(move |_| path.clone()), who: Who::Program, budget_ms: PAGE_MS }
    };
    let some = |name, who, before: &'static str, ids: &Arc<Vec<String>>| {
        let ids = Arc::clone(ids);
        let path = move |time: usize| format!("{before}{}", ids[Dice::new(time as u64).below(ids.len())]);
        Question { name, path: Arc::new(path), who, budget_ms: PAGE_MS }
    };
    let owner = server.members.last().expect("there are members");
    let busy = &server.members[0];
    let yesterday = "updated_since=".to_owned() + &server.yesterday.replace(':', "%3A");
    vec![
        inbox("view: open", ""),
        inbox("view: new", "status=new"),
        inbox("view: waiting", "status=waiting"),
        inbox("view: closed", "status=closed"),
        inbox("view: all", "status=all"),
        inbox("view: quarantine", "status=held"),
        some("view: a later page", Who::Member, "/staff/cases?status=all&before=", &server.some_ids),
        inbox("filter: kind", "status=all&kind=praise"),
        inbox("filter: site", "status=all&site=site0"),
        inbox("filter: smallest site", "status=all&site=site11"),
        inbox("filter: owner", &format!("status=all&owner={busy}")),
        inbox("filter: nobody's, open", "owner=nobody"),
        inbox("filter: kind, site, owner", &format!("status=all&kind=suggestion&site=site5&owner={owner}")),
        inbox(
            "filter: kind, site, owner, waiting",
            &format!("status=waiting&kind=suggestion&site=site11&owner={owner}"),
        ),
        search("search: in 4 of 100 cases", "delivery"),
        search("search: in half of them", "order"),
        search("search: rare", "zanzibar"),
        search("search: nothing found", "nonexistentword"),
        search("search: two words", "delivery refund"),
        search("search: two that never meet", "northern southern"),
        search("search: Chinese", "大地"),
        search("search: Chinese sentence", "送货迟到"),
        search("search: traditional", "送貨遲到"),
        search("search: beginning of 3", "zan"),
        search("search: frequent beginning of 3", "con"),
        search("search: beginning of 5", "deliv"),
        search("search: number", "no 777"),
        search("search: phrase", "\"delivery refund\""),
        search("search: rare phrase", "\"northern southern\""),
        search("search: without a word", "delivery -refund"),
        search("search: without a phrase", "delivery -\"delivery refund\""),
        search("search: nothing but without", "-order"),
        search("search: parted number", "2026-11-0042"),
        search("search: fields", "kind:complaint is:closed -priority:low order"),
        search("search: days", "after:2026-01-01 before:2026-02-01 order"),
        search("search: has", "has:attachment"),
        search("search: case by number", "number:777"),
        inbox("search: with filters", &format!("status=closed&kind=complaint&site=site3&owner={busy}&q=order")),
        list("API: list", ""),
        list("API: open", "status=open"),
        list("API: oldest first", "order=oldest"),
        list("API: changed since yesterday", &yesterday),
        list("API: kind and site", "kind=complaint&site=site0"),
        list("API: words", "q=delivery"),
        some("API: a later page", Who::Program, "/api/v1/cases?cursor=", &server.some_ids),
        some("API: a case", Who::Program, "/api/v1/cases/", &server.some_ids),
        some("page of a case", Who::Member, "/staff/cases/", &server.some_ids),
        some("page of a case with 17 deliveries", Who::Member, "/staff/cases/", &server.busy_ids),
    ]
}
