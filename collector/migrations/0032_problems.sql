-- The cases of a problem are counted, listed and answered together.
create index cases_by_problem on cases (problem, quarantine, status, id) where problem is not null;
