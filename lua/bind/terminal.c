// core.terminal, core.keyboard: the terminal as it is.  What keys mean and what is drawn is
// decided in lua/vise/repl.
//
// Raw mode gives every byte at once, unechoed.  While it is on, every way out of the program
// passes through here and gives the terminal back: atexit() for an orderly end, handlers for
// the signals that kill or stop.  A handler only restores, then lets what was there before act.

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lua/bind/bind.h"

// Signals that end the program, and those that only wake the reader.
static const int fatal[] = {SIGHUP, SIGTERM, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
static const int events[] = {SIGINT, SIGWINCH, SIGCONT, SIGTSTP};
enum { FATAL = sizeof fatal / sizeof fatal[0], EVENTS = sizeof events / sizeof events[0] };

// What a signal handler must reach.
static struct {
    volatile sig_atomic_t raw, prepared;
    int wake[2]; // a pipe: handlers write the signal's number
    struct termios cooked, keys;
    struct sigaction old_fatal[FATAL], old_events[EVENTS];
} tty;

// Turns bracketed paste on or off.
static void say_mode(bool on) {
    static const char set[] = "\033[?2004h", reset[] = "\033[?2004l";
    ssize_t n = on ? write(STDOUT_FILENO, set, sizeof set - 1)
                   : write(STDOUT_FILENO, reset, sizeof reset - 1);
    (void)n; // a terminal that is gone needs nothing
}

// Only what a signal handler may call.
static void give_back(void) {
    if (!tty.raw) return;
    tty.raw = 0;
    say_mode(false);
    tcsetattr(STDIN_FILENO, TCSANOW, &tty.cooked);
}

// A fault comes again by itself when its instruction is repeated.
static bool is_fault(int signum, const siginfo_t *info) {
    bool machine =
        signum == SIGSEGV || signum == SIGBUS || signum == SIGILL || signum == SIGFPE;
    return machine && info->si_code > 0;
}

// The handler of a signal that kills: its former one acts when it comes again.
static void on_fatal(int signum, siginfo_t *info, void *context) {
    (void)context;
    int saved = errno;
    give_back();
    for (int i = 0; i < FATAL; i++) {
        if (fatal[i] == signum) sigaction(signum, &tty.old_fatal[i], NULL);
    }
    if (!is_fault(signum, info)) raise(signum);
    errno = saved;
}

static void on_event(int signum) {
    int saved = errno;
    unsigned char number = (unsigned char)signum;
    ssize_t n = write(tty.wake[1], &number, 1);
    (void)n; // full: the reader is woken already
    errno = saved;
}

static void catch_signals(void) {
    struct sigaction dying = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO};
    // poll() returns all the same; a write to a terminal that is being resized must not fail.
    struct sigaction waking = {.sa_handler = on_event, .sa_flags = SA_RESTART};
    sigemptyset(&dying.sa_mask);
    sigemptyset(&waking.sa_mask);
    for (int i = 0; i < FATAL; i++) sigaction(fatal[i], &dying, &tty.old_fatal[i]);
    for (int i = 0; i < EVENTS; i++) sigaction(events[i], &waking, &tty.old_events[i]);
}

static void release_signals(void) {
    for (int i = 0; i < FATAL; i++) sigaction(fatal[i], &tty.old_fatal[i], NULL);
    for (int i = 0; i < EVENTS; i++) sigaction(events[i], &tty.old_events[i], NULL);
}

// What is done once: the pipe, and the way out by exit().
static bool prepare(void) {
    if (tty.prepared) return true;
    if (pipe2(tty.wake, O_CLOEXEC | O_NONBLOCK)) return false;
    if (atexit(give_back)) return false;
    tty.prepared = 1;
    return true;
}

static int fail_errno(lua_State *L, const char *what) {
    luaL_pushfail(L);
    lua_pushfstring(L, "the terminal: %s: %s", what, strerror(errno));
    lua_pushliteral(L, "E-FS-16");
    return 3;
}

// keyboard.raw() -> true: keys come one by one
static int keyboard_raw(lua_State *L) {
    if (!tty.raw) {
        if (!prepare()) return fail_errno(L, "no pipe");
        if (tcgetattr(STDIN_FILENO, &tty.cooked)) return fail_errno(L, "its mode is not known");
        tty.keys = tty.cooked;
        tty.keys.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
        tty.keys.c_cflag |= CS8;
        tty.keys.c_lflag &= ~(tcflag_t)(ECHO | ICANON | IEXTEN | ISIG);
        tty.keys.c_cc[VMIN] = 1;
        tty.keys.c_cc[VTIME] = 0;
        catch_signals();
        tty.raw = 1; // before the mode changes: a signal in between restores what is there
        if (tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.keys)) {
            give_back();
            release_signals();
            return fail_errno(L, "its mode cannot be changed");
        }
        say_mode(true);
    }
    lua_pushboolean(L, 1);
    return 1;
}

// keyboard.cooked(): lines come, as a program finds it
static int keyboard_cooked(lua_State *L) {
    (void)L;
    if (!tty.raw) return 0;
    give_back();
    release_signals();
    return 0;
}

// Stops the program as Ctrl-Z does; comes back when it is continued.
static void stop_here(void) {
    struct sigaction stop = {.sa_handler = SIG_DFL}, before;
    give_back();
    sigemptyset(&stop.sa_mask);
    sigaction(SIGTSTP, &stop, &before);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
    if (tcgetattr(STDIN_FILENO, &tty.cooked)) return; // the shell may have changed it
    tty.raw = 1;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.keys);
    say_mode(true);
}

// keyboard.stop(): Ctrl-Z
static int keyboard_stop(lua_State *L) {
    (void)L;
    if (tty.raw) stop_here();
    return 0;
}

static int push_reason(lua_State *L, const char *why) {
    luaL_pushfail(L);
    lua_pushstring(L, why);
    return 2;
}

// What a signal asks for.
static int push_event(lua_State *L) {
    unsigned char number = 0;
    if (read(tty.wake[0], &number, 1) != 1) return push_reason(L, "timeout");
    if (number == SIGINT) return push_reason(L, "interrupt");
    if (number == SIGTSTP) {
        stop_here();
        return push_reason(L, "continue");
    }
    if (number == SIGCONT) { // stopped by force: the mode may be anything
        tty.raw = 1;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &tty.keys);
        say_mode(true);
        return push_reason(L, "continue");
    }
    return push_reason(L, "resize");
}

// keyboard.read([seconds]) -> bytes, or nil and "timeout", "interrupt", "resize", "continue"
// or "end"
static int keyboard_read(lua_State *L) {
    lua_Number seconds = luaL_optnumber(L, 1, -1);
    int wait = seconds < 0 ? -1 : seconds > 1e6 ? 1000000000 : (int)(seconds * 1000 + 0.5);
    if (!tty.prepared) return push_reason(L, "end");
    struct pollfd ready[2] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = tty.wake[0],  .events = POLLIN}
    };
    int n;
    do n = poll(ready, 2, wait);
    while (n < 0 && errno == EINTR);
    if (n == 0) return push_reason(L, "timeout");
    if (ready[1].revents) return push_event(L);
    char bytes[4096];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return push_reason(L, "timeout");
    if (got <= 0) return push_reason(L, "end");
    lua_pushlstring(L, bytes, (size_t)got);
    return 1;
}

// core.terminal("stdin" | "stdout" | "stderr") -> columns, rows of that terminal, nil if it is
// none; a terminal that does not know its size counts as 80 by 24
static int terminal_size(lua_State *L) {
    static const char *const names[] = {"stdin", "stdout", "stderr", NULL};
    int fd = luaL_checkoption(L, 1, NULL, names);
    if (!isatty(fd)) {
        luaL_pushfail(L);
        return 1;
    }
    struct winsize size = {0};
    bool known = ioctl(fd, TIOCGWINSZ, &size) == 0;
    lua_pushinteger(L, known && size.ws_col > 0 ? size.ws_col : 80);
    lua_pushinteger(L, known && size.ws_row > 0 ? size.ws_row : 24);
    return 2;
}

static const luaL_Reg keyboard[] = {
    {"cooked", keyboard_cooked},
    {"raw",    keyboard_raw   },
    {"read",   keyboard_read  },
    {"stop",   keyboard_stop  },
    {NULL,     NULL           },
};

static const luaL_Reg terminal[] = {
    {"terminal", terminal_size},
    {NULL,       NULL         },
};

void viseL_open_terminal(lua_State *L) {
    luaL_setfuncs(L, terminal, 0);
    luaL_newlib(L, keyboard);
    lua_setfield(L, -2, "keyboard");
}
