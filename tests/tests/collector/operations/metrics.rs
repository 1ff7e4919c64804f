//! The numbers for Prometheus.

use std::collections::HashMap;

use reqwest::{Method, StatusCode};
use sayso_tests::{Client, TestApp, eventually, on_both_databases};
use serde_json::json;

/// Reads the text format: `name{labels} value`, in the order of the lines.
fn parse(text: &str) -> HashMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| {
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("no number: {line}")))
    });
    samples.collect()
}

on_both_databases! {
    async fn what_happens_is_counted_and_only_where_nobody_else_can_read_it(database: Database) {
        let app = TestApp::spawn_working(database, |config| config.metrics.listen = "127.0.0.1:0".to_owned()).await;
        let own = format!("http://{}", app.app.config.metrics.listen);
        let client = app.client();
        let webhook = sayso::sites::targets::Target::add_webhook;
        webhook(&app.app.db, &app.app.keys, &app.site().await, "https://10.0.0.1/hook", &[], &sayso::audit::Stamp::command(0)).await.unwrap();
        app.app.clock.advance(1_000);
        let code = client.complain("送货迟到，电话 13800138000", "li.lei@example.com").await;
        client.submit(json!({"kind": "praise"})).await;
        client.get(&format!("/t/{code}")).await;
        client.get("/api/v1/feedback/AAAA-AAAA-AAAA-A").await;
        client.get(&format!("/nobody/answers/{code}")).await;

        let scrape = || async { Client::new(&own).get("/metrics").await };
        let sent = "sayso_delivery_attempts_total{channel=\"email\",result=\"sent\"}";
        let again = "sayso_delivery_attempts_total{channel=\"webhook\",result=\"again\"}";
        let both = || async {
            let numbers = parse(&scrape().await.body);
            numbers.contains_key(sent) && numbers.contains_key(again)
        };
        eventually("the receipt is sent and the webhook refused", both).await;

        let answer = scrape().await;
        assert!(answer.header("content-type").starts_with("application/openmetrics-text"), "{}", answer.header("content-type"));
        let text = answer.body;
        let numbers = parse(&text);
        let number = |name: &str| *numbers.get(name).unwrap_or_else(|| panic!("no {name} in\n{text}"));
        let route = "route=\"/api/v1/sites/{key}/feedback\"";
        assert_eq!(number(&format!("sayso_http_requests_total{{{route},method=\"POST\",status=\"2xx\"}}")), 1.0);
        assert_eq!(number(&format!("sayso_http_requests_total{{{route},method=\"POST\",status=\"4xx\"}}")), 1.0);
        assert_eq!(number(&format!("sayso_http_request_duration_seconds_count{{{route}}}")), 2.0);
        assert_eq!(number(&format!("sayso_http_request_duration_seconds_bucket{{le=\"+Inf\",{route}}}")), 2.0);
        assert_eq!(number("sayso_http_requests_total{route=\"/t/{code}\",method=\"GET\",status=\"2xx\"}"), 1.0);
        assert_eq!(number("sayso_refused_total{reason=\"invalid\"}"), 1.0);
        assert_eq!(number("sayso_refused_total{reason=\"not_found\"}"), 2.0);
        assert_eq!((number("sayso_intake_stored_total"), number("sayso_intake_batch_size_count")), (1.0, 1.0));
        assert_eq!((number("sayso_intake_commit_seconds_count"), number("sayso_intake_queue_depth")), (1.0, 0.0));
        assert_eq!((number("sayso_database_up"), number("sayso_deliveries{state=\"failed\"}")), (1.0, 0.0));
        assert!(number("sayso_connections") >= 1.0 && number("sayso_process_open_files") > 10.0);
        assert!(number("sayso_process_resident_memory_bytes") > 1_000_000.0);
        assert_eq!(number("sayso_build_info{version=\"0.1.0\"}"), 1.0);
        for personal in [code.as_str(), "13800138000", "li.lei", "送货", "127.0.0.1"] {
            assert!(!text.contains(personal), "{personal} in\n{text}");
        }

        let through_a_proxy = client.request(Method::GET, "/metrics").header("x-forwarded-for", "203.0.113.7");
        assert_eq!(client.send(through_a_proxy).await.status, StatusCode::NOT_FOUND);
        assert_eq!(Client::new(&own).get("/t/").await.status, StatusCode::NOT_FOUND);
        app.stop().await;
    }

    async fn without_its_database_the_collector_still_gives_its_numbers(database: Database) {
        let app = TestApp::spawn_working(database, |config| config.metrics.listen = "127.0.0.1:0".to_owned()).await;
        let own = Client::new(&format!("http://{}", app.app.config.metrics.listen));
        app.app.db.close().await;
        let numbers = parse(&own.get("/metrics").await.body);
        assert_eq!(numbers["sayso_database_up"], 0.0);
        assert!(!numbers.contains_key("sayso_deliveries{state=\"pending\"}"), "it is not known");
        app.stop().await;
    }
}
