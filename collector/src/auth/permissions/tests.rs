//! Who may do what, role by role.

use super::*;
use proptest::prelude::*;

const ACTIONS: [Action; 22] = [
    Action::EnterFeedback,
    Action::ReadAudit,
    Action::ReadReports,
    Action::ReadService,
    Action::ManageService,
    Action::ReadProblems,
    Action::ManageProblems,
    Action::Administer,
    Action::ReadMail,
    Action::ManageMail,
    Action::ReadCustomer,
    Action::ManageCustomer,
    Action::ExportCustomer,
    Action::EraseCustomer,
    Action::DrawCheckCalls,
    Action::HandOverCustomers,
    Action::ReadCase,
    Action::ReadContact,
    Action::WriteNote,
    Action::Answer,
    Action::ManageCase,
    Action::FinishTask,
];

fn standing(role: Role) -> Standing {
    let texts = |text: &str| vec![text.to_owned()];
    Standing { role, member_id: "mei".to_owned(), teams: texts("delivery"), led: Vec::new(), open_sites: texts("open") }
}

#[test]
fn who_leads_a_team_reads_its_reports_and_no_others() {
    let led = || vec!["delivery".to_owned()];
    let reach = |role| Standing { led: led(), ..standing(role) }.report_reach();
    assert_eq!([Role::Agent, Role::Partner].map(reach), [Some(ReportReach::Teams(led())), None]);
    assert_eq!((standing(Role::Agent).report_reach(), reach(Role::Manager)), (None, Some(ReportReach::All)));
}

fn of_team(team: Option<&str>) -> CaseAccess {
    CaseAccess { site_id: "acme".to_owned(), team: team.map(str::to_owned), ..CaseAccess::default() }
}

fn task_of(team: &str) -> TaskAccess {
    TaskAccess { team: Some(team.to_owned()), owner_id: None }
}

fn allowed(role: Role, case: &CaseAccess) -> Vec<Action> {
    let standing = standing(role);
    ACTIONS.into_iter().filter(|action| can(Actor::Member(&standing), *action, Object::Case(case))).collect()
}

const ALL_OF_A_CASE: [Action; 6] =
    [Action::ReadCase, Action::ReadContact, Action::WriteNote, Action::Answer, Action::ManageCase, Action::FinishTask];

#[test]
fn agents_work_on_cases_of_their_teams_and_on_those_without_a_team() {
    assert_eq!(allowed(Role::Agent, &of_team(Some("delivery"))), ALL_OF_A_CASE);
    assert_eq!(allowed(Role::Agent, &of_team(None)), ALL_OF_A_CASE);
    assert_eq!(allowed(Role::Agent, &of_team(Some("billing"))), []);
    let open = CaseAccess { site_id: "open".to_owned(), ..of_team(Some("billing")) };
    assert_eq!(allowed(Role::Agent, &open), ALL_OF_A_CASE);
    let own = CaseAccess { owner_id: Some("mei".to_owned()), ..of_team(Some("billing")) };
    assert_eq!(allowed(Role::Agent, &own), ALL_OF_A_CASE);
    let asked = CaseAccess { tasks: vec![task_of("delivery")], ..of_team(Some("billing")) };
    assert_eq!(allowed(Role::Agent, &asked), ALL_OF_A_CASE);
}

#[test]
fn managers_work_on_all_cases_and_viewers_read_them() {
    for team in [None, Some("delivery"), Some("billing")] {
        assert_eq!(allowed(Role::Manager, &of_team(team)), ALL_OF_A_CASE);
        assert_eq!(allowed(Role::Viewer, &of_team(team)), [Action::ReadCase, Action::ReadContact]);
    }
}

#[test]
fn a_partner_sees_what_was_given_to_them_and_no_contact_unless_it_was_shared() {
    let given = of_team(Some("delivery"));
    assert_eq!(allowed(Role::Partner, &given), [Action::ReadCase, Action::WriteNote, Action::Answer]);
    let shared = CaseAccess { is_contact_shared: true, ..given.clone() };
    assert!(allowed(Role::Partner, &shared).contains(&Action::ReadContact));
    let asked = CaseAccess { tasks: vec![task_of("delivery")], ..of_team(Some("billing")) };
    assert_eq!(allowed(Role::Partner, &asked), [Action::ReadCase, Action::WriteNote]);
    for other in [of_team(None), of_team(Some("billing")), CaseAccess { is_quarantined: true, ..given }] {
        assert_eq!(allowed(Role::Partner, &other), []);
    }
}

#[test]
fn whoever_was_given_a_task_may_finish_it() {
    let case = CaseAccess { tasks: vec![task_of("delivery")], ..of_team(Some("billing")) };
    let finishes = |role: Role, task: &TaskAccess| {
        can(Actor::Member(&standing(role)), Action::FinishTask, Object::Task(&case, task))
    };
    assert!(finishes(Role::Partner, &task_of("delivery")));
    assert!(!finishes(Role::Partner, &task_of("billing")));
    assert!(!finishes(Role::Viewer, &task_of("delivery")));
    assert!(finishes(Role::Manager, &task_of("billing")));
}

#[test]
fn only_some_see_the_whole_installation() {
    let general = |role: Role| {
        let standing = standing(role);
        let may = |action: &Action| can(Actor::Member(&standing), *action, Object::Installation);
        ACTIONS[..16].iter().copied().filter(may).collect::<Vec<_>>()
    };
    assert_eq!(general(Role::Admin), ACTIONS[..16]);
    let manager = [
        Action::EnterFeedback,
        Action::ReadAudit,
        Action::ReadReports,
        Action::ReadService,
        Action::ManageService,
        Action::ReadProblems,
        Action::ManageProblems,
        Action::ReadMail,
        Action::ManageMail,
        Action::ReadCustomer,
        Action::ManageCustomer,
        Action::ExportCustomer,
        Action::EraseCustomer,
        Action::DrawCheckCalls,
        Action::HandOverCustomers,
    ];
    assert_eq!(general(Role::Manager), manager);
    let agent = [
        Action::EnterFeedback,
        Action::ReadProblems,
        Action::ManageProblems,
        Action::ReadCustomer,
        Action::ManageCustomer,
    ];
    assert_eq!(general(Role::Agent), agent);
    let viewer =
        [Action::ReadReports, Action::ReadService, Action::ReadProblems, Action::ReadMail, Action::ReadCustomer];
    assert_eq!(general(Role::Viewer), viewer);
    assert_eq!(general(Role::Partner), []);
}

prop_compose! {
    fn any_case()(
        team in proptest::option::of(prop_oneof![Just("delivery"), Just("billing")]),
        owner in proptest::option::of(prop_oneof![Just("mei"), Just("tom")]),
        task in proptest::option::of(prop_oneof![Just("delivery"), Just("billing")]),
        site in prop_oneof![Just("open"), Just("acme")],
        (is_quarantined, is_contact_shared) in (any::<bool>(), any::<bool>()),
    ) -> CaseAccess {
        CaseAccess {
            site_id: site.to_owned(),
            owner_id: owner.map(str::to_owned),
            tasks: task.into_iter().map(task_of).collect(),
            is_quarantined,
            is_contact_shared,
            ..of_team(team)
        }
    }
}

proptest! {
    #[test]
    fn whoever_may_do_something_with_a_case_may_read_it(case in any_case(), role in prop::sample::select(Role::ALL)) {
        let may = allowed(role, &case);
        prop_assert!(may.is_empty() || may.contains(&Action::ReadCase));
    }

    #[test]
    fn each_role_may_do_no_less_than_the_one_below(case in any_case()) {
        let order = [Role::Partner, Role::Agent, Role::Manager, Role::Admin];
        for pair in order.windows(2) {
            let (below, above) = (allowed(pair[0], &case), allowed(pair[1], &case));
            prop_assert!(below.iter().all(|action| above.contains(action)), "{:?} and {:?}", pair, case);
        }
    }

    #[test]
    fn a_program_may_do_what_its_scopes_say_with_every_case(case in any_case(), has_scope in any::<bool>()) {
        let scopes: &[Scope] = if has_scope { &[Scope::CasesRead] } else { &[] };
        prop_assert_eq!(can(Actor::Program(scopes), Action::ReadCase, Object::Case(&case)), has_scope);
        prop_assert!(!can(Actor::Program(scopes), Action::ManageCase, Object::Case(&case)));
    }
}
