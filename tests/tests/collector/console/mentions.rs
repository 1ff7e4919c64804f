//! Colleagues who are named in notes.

use sayso_tests::Mail;

use super::*;

/// Mails that were written to files.
fn mails(app: &TestApp) -> Vec<Mail> {
    let files = std::fs::read_dir(app.data.path().join("mail")).into_iter().flatten();
    files.map(|file| Mail::from_file(std::fs::read(file.unwrap().path()).unwrap())).collect()
}

on_both_databases! {
    async fn a_note_tells_the_colleagues_whom_it_names(app: TestApp) {
        let (id, tom) = (complaint(&app, "Late again").await, Desk::of(&app, "tom", Role::Manager).await);
        for (name, role) in [("mei", Role::Agent), ("pat", Role::Partner), ("lee", Role::Agent)] {
            add_member(&app, name, role).await;
        }
        let key = uuid::Uuid::new_v4().to_string();
        let note = [("key", key.as_str()), ("body", "@mei and @pat, what was agreed? @tom, write to lee@acme.example")];
        for _ in 0..2 {
            let answer = tom.post(&format!("/staff/cases/{id}/note"), &note).await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        }
        sayso::jobs::run_due(&app.app).await.unwrap();
        sayso::outbox::deliver_due(&app.app).await.unwrap();
        let mails = mails(&app);
        let told: Vec<&Mail> = mails.iter().filter(|mail| mail.subject().contains("named you in a note")).collect();
        assert_eq!(told.len(), 1, "not whom it does not name, nor who wrote it, nor who may not read the case");
        assert!(told[0].header("To").contains("mei@acme.example") && told[0].text().contains("> @mei and @pat, what was agreed?"), "{}", told[0].text());
    }
}
