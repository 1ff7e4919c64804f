//! What operators use: metrics, logs, backups and the doctor.

mod audit;
mod backup;
mod doctor;
mod leader;
mod logs;
mod metrics;
