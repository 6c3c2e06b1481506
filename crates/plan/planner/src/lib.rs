//! Recipes, hooks, inventory and facts in, an immutable plan out
