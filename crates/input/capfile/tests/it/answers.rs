//! Expressions and what Ruby 3.1 answers to them.

use crate::of;

/// An expression that gives a list or text, and what it is, its items joined by `|`.
const ANSWERS: &[(&str, &str)] = &[
    ("' a  b '.split(' ')", "a|b"),
    ("' a  b c '.split(' ', 2)", "a|b c "),
    ("'a  b'.split(' ', 3)", "a|b"),
    ("'a b '.split(' ', -1)", "a|b|"),
    ("\"a\\u00a0 b\".split", "a\u{a0}|b"),
    ("'a,,b,,'.split(',')", "a||b"),
    ("'a,b,,'.split(',', -1)", "a|b||"),
    ("'a,b,c,,'.split(',', 3)", "a|b|c,,"),
    ("'x' + ''.split(',').length.to_s", "x0"),
    ("'a1b2c'.split(/(\\d)/)", "a|1|b|2|c"),
    ("'-3'.to_i.to_s", "-3"),
    ("' +3x'.to_i.to_s", "3"),
    ("'1_000'.to_i.to_s", "1000"),
    ("'1__0'.to_i.to_s", "1"),
    ("'- 3'.to_i.to_s", "0"),
    ("%w[a b a] | %w[b c]", "a|b|c"),
    ("%w[a] + %w[a]", "a|a"),
    // `next` ends a round, `return` the method around it.
    ("%w[a b].map { |x| next 'n' if x == 'a'; x }", "n|b"),
    ("found(%w[a b])", "b"),
    ("found(%w[a])", "none"),
    ("['x', lambda { return 'y' }.call]", "x|y"),
];

#[test]
fn expressions_are_worth_what_ruby_says() {
    for (expression, wanted) in ANSWERS {
        let text = of(&format!(
            "def found(all)\n  all.map {{ |x| return 'b' if x == 'b' }}\n  'none'\nend\n\
             set :default_env, {{ 'GOT' => [{expression}].flatten.join('|') }}"
        ))
        .text;
        let line = format!("GOT = \"{wanted}\"");
        assert!(text.contains(&line), "{expression}\n{text}");
    }
}

#[test]
fn a_return_in_a_loop_ends_what_is_around_it() {
    let text = of("def dirs\n  %w[a b c].each do |dir|\n    next if dir == 'a'\n    append :linked_dirs, dir\n    \
         return if dir == 'b'\n  end\n  append :linked_dirs, 'd'\nend\ndirs\nappend :linked_dirs, 'e'")
    .text;
    assert!(text.contains("linked_dirs = [\"b\", \"e\"]"), "{text}");
}

#[test]
fn what_ends_a_block_of_a_task_ends_no_more() {
    let text = of("task :t do\n  on roles(:app) do\n    within '/a' do\n      next\n      execute :x\n    end\n    \
         execute :y\n  end\nend")
    .text;
    assert!(text.contains("run = \"y\""), "{text}");
}

#[test]
fn a_count_that_ruby_refuses_is_told_of() {
    for count in ["{3,2}", "{100001}"] {
        let todos = of(&format!("set :deploy_to, '/aaa'[/a{count}/]")).todos;
        assert!(todos[0].why.contains("a regular expression"), "{todos:?}");
    }
    let text = of("set :deploy_to, '/' + ('a' * 300)[/a{300}/]").text;
    assert!(text.contains(&format!("/{}\"", "a".repeat(300))), "{text}");
}
