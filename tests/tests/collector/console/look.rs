//! How a member wants the inbox: as a table with chosen columns, or beside the open case.

use reqwest::{Method, StatusCode};
use sayso::auth::Role;
use sayso::jobs::run_due;
use sayso_tests::on_both_databases;

use super::{Desk, complaint};

/// The heads of the columns, from left to right.
fn heads(page: &str) -> Vec<String> {
    let head = page.split_once("<thead>").unwrap().1.split_once("</thead>").unwrap().0;
    let cells = head.split("<th ").skip(1).map(|cell| {
        let text: String =
            cell.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text.trim()).collect();
        if text.is_empty() {
            cell.split_once('>').unwrap().1.split('<').next().unwrap().trim().to_owned()
        } else {
            text
        }
    });
    cells.collect()
}

on_both_databases! {
    async fn a_member_chooses_the_columns_of_a_table(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let bo = Desk::of(&app, "bo", Role::Agent).await;
        let id = complaint(&app, "Smoke comes out of the oven").await;
        run_due(&app.app).await.unwrap();
        assert!(lin.inbox("").await.contains("<ul class=\"list\">"), "at first it is a list");
        let fields = [("layout", "table"), ("number", "on"), ("due", "on"), ("received", "on"), ("mood", "on"), ("back", "status=all&kind=complaint")];
        let saved = lin.post("/staff/inbox-look", &fields).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, "/staff/cases?status=all&kind=complaint"), "back to where it was chosen");
        let page = lin.inbox("status=all").await;
        assert_eq!(heads(&page), ["Choose this case", "What the customer says", "Number", "Due", "Received"], "{page}");
        assert!(page.contains("class=\"number\">#1</td>") && page.contains(&format!("href=\"/staff/cases/{id}\"")), "{page}");
        assert!(!page.contains("data-kind=\"complaint\">Complaint"), "what was not chosen is not shown");
        for (sort, order) in [("", "aria-sort=\"descending\"><a href=\"/staff/cases?status=all&amp;sort=oldest\">Received"), ("oldest", "aria-sort=\"ascending\"><a href=\"/staff/cases?status=all\">Received"), ("due", "aria-sort=\"ascending\"><a href=\"/staff/cases?status=all&amp;sort=due\">Due")] {
            let page = lin.inbox(&format!("status=all&sort={sort}")).await.replace("&#38;", "&amp;");
            assert!(page.contains(order), "{order}: {page}");
        }
        assert!(bo.inbox("").await.contains("<ul class=\"list\">"), "each member chooses for themselves");
        let nothing = lin.post("/staff/inbox-look", &[("layout", "wall"), ("back", "//evil.example")]).await;
        assert_eq!(nothing.location(), "/staff/cases?status=open");
        let page = lin.inbox("").await;
        assert!(page.contains("<ul class=\"list\">") && !page.contains("data-status=\"new\""), "an unknown layout is a list, of nothing but words: {page}");
    }

    async fn the_case_stands_beside_the_list(app: TestApp) {
        let lin = Desk::of(&app, "lin", Role::Agent).await;
        let id = complaint(&app, "Smoke comes out of the oven").await;
        run_due(&app.app).await.unwrap();
        lin.post("/staff/inbox-look", &[("layout", "split"), ("kind", "on")]).await;
        let page = lin.inbox("").await;
        assert!(page.contains("<iframe name=\"case\" src=\"/staff/cases/none\""), "nothing is chosen yet: {page}");
        assert!(page.contains(&format!("<a class=\"to-pane\" target=\"case\" href=\"/staff/cases/{id}\">")), "without script too a row leads into the pane: {page}");
        assert!(page.contains(&format!("<a class=\"to-page\" href=\"/staff/cases/{id}\">")), "and on a phone to its page");
        let open = lin.inbox(&format!("open={id}")).await;
        assert!(open.contains(&format!("<iframe name=\"case\" src=\"/staff/cases/{id}\"")) && open.contains("aria-current=\"true\">"), "{open}");
        assert!(lin.inbox("open=../sign-out").await.contains("src=\"/staff/cases/none\""));
        // What is in the pane has no bar of its own.
        for (destination, has_bar) in [("iframe", false), ("document", true)] {
            let request = lin.client.request(Method::GET, &format!("/staff/cases/{id}")).header("sec-fetch-dest", destination);
            let case = lin.client.send(request).await;
            assert_eq!(case.body.contains("class=\"topbar\""), has_bar, "{destination}");
            assert!(case.body.contains("Smoke comes out") && case.header("content-security-policy").contains("frame-ancestors 'self'"));
        }
        assert!(lin.client.get("/staff/cases/none").await.body.contains("No case chosen"));
        let stranger = app.client().get("/staff/cases/none").await;
        assert_eq!(stranger.status, StatusCode::SEE_OTHER, "only the staff has a list");
        assert!(app.client().get("/t/").await.header("content-security-policy").contains("frame-ancestors 'none'"), "customers' pages are nobody's to frame");
    }
}
