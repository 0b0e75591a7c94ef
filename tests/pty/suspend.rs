//! Ctrl-Z: the program sleeps, the terminal is the shell's, and `fg` brings the screen back.

use tempfile::tempdir;
use vt100::MouseProtocolMode;

use super::read::{line, loaded, wait_clip};
use super::terminal::{QVIZ, Start, has};

const CTRL_Z: &str = "\x1a";

#[cfg(target_os = "linux")]
fn process_state(pid: u32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().chars().next().unwrap()
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let folder = tempdir().unwrap();
    // A shell with job control, as the user's is.
    let script = format!("set -m; '{QVIZ}'; echo the shell has it; read -r line; fg >/dev/null; echo left with $?");
    let mut terminal = Start::program("sh", folder.path()).args(["-c", &script]).run();
    let (_, clip) = loaded(&terminal);
    let pid = terminal.foreground();
    assert_ne!(pid, terminal.pid());

    terminal.keys(CTRL_Z);
    terminal.wait_for("the shell has it");
    {
        let state = terminal.state();
        let screen = state.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
    }
    assert!(terminal.settings_restored());
    #[cfg(target_os = "linux")]
    assert_eq!(process_state(pid), 'T');

    // What the shell's commands leave behind is painted over.
    terminal.keys("\r");
    terminal.wait("the screen again", |screen| line(screen).filter(|_| screen.alternate_screen()));
    wait_clip(&terminal, &clip);
    terminal.wait_without("the shell has it");
    {
        let state = terminal.state();
        let screen = state.screen();
        assert!(screen.hide_cursor() && screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::ButtonMotion);
    }
    assert_eq!(terminal.foreground(), pid);
    terminal.keys("?");
    terminal.wait_for("type to search");
    terminal.keys("\r");
    terminal.wait_without("type to search");
    terminal.keys("q");
    let end = terminal.end();
    assert!(has(&end.screen, "left with 0").is_some(), "{}", end.screen.contents());
    assert!(!end.screen.alternate_screen() && end.settings_restored);
    assert_eq!(end.screen.mouse_protocol_mode(), MouseProtocolMode::None);
}

#[test]
fn ctrl_z_without_a_shell_does_not_freeze_the_window() {
    // `xterm -e qviz`: nobody could wake it up again, and so it must not sleep.
    let folder = tempdir().unwrap();
    let mut terminal = Start::qviz(folder.path()).run();
    loaded(&terminal);
    terminal.keys(CTRL_Z);
    terminal.keys("?");
    terminal.wait_for("type to search");
    terminal.keys("\r");
    terminal.wait_without("type to search");
    assert!(terminal.state().screen().alternate_screen());
    terminal.keys("q");
    assert_eq!(terminal.end().code, 0);
}

#[test]
fn a_script_around_it_sleeps_too() {
    // Otherwise the shell would wait for the script and the script for a program that sleeps.
    let folder = tempdir().unwrap();
    let script = format!(
        "set -m; sh -c '\"$0\"; echo the script goes on' '{QVIZ}'; echo the shell has it; read -r line; fg >/dev/null; echo left with $?"
    );
    let mut terminal = Start::program("sh", folder.path()).args(["-c", &script]).run();
    loaded(&terminal);
    terminal.keys(CTRL_Z);
    terminal.wait_for("the shell has it");
    assert!(terminal.settings_restored());
    terminal.keys("\r");
    terminal.wait("the screen again", |screen| line(screen).filter(|_| screen.alternate_screen()));
    terminal.keys("q");
    let end = terminal.end();
    assert!(has(&end.screen, "the script goes on").is_some(), "{}", end.screen.contents());
    assert!(end.settings_restored);
}
