-- What one person answered, to any survey, for their export and erasure.
create index survey_answers_respondent on survey_answers (respondent);
create index survey_times_respondent on survey_times (respondent);
