//! Carries out a plan: journal, act, tell; unwinds on failure
