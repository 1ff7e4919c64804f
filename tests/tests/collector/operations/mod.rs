//! What operators use: metrics, logs, backups and the doctor.

mod backup;
mod doctor;
mod logs;
mod metrics;
