//! Events in; console, live area, JSON lines and log file out
