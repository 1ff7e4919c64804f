//! `sayso site` and `sayso target`.
