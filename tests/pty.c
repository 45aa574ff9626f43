// Runs a program on a terminal of its own, for the tests: commands on stdin, answers on stdout.
//
//   pty COLUMNS ROWS PROGRAM ARGUMENT...
//
//   w N\n<N bytes>    types them
//   r MS\n            waits MS milliseconds at most for output, then until 15 ms passed
//                     without any; answers "N\n<N bytes>", and "-1 STATUS\n" when the program
//                     has ended (a signal counts 128 more) and all was read
//   s COLUMNS ROWS\n  another size
//   k SIGNAL\n        sends a signal
//   m\n               answers the mode: "cooked\n", "raw\n"
//   q\n               ends

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static void set_size(int fd, int columns, int rows) {
    struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)rows};
    ioctl(fd, TIOCSWINSZ, &size);
}

static pid_t start(int *master, int columns, int rows, char **argv) {
    *master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*master < 0 || grantpt(*master) || unlockpt(*master)) return -1;
    set_size(*master, columns, rows);
    pid_t child = fork();
    if (child) return child;
    setsid();
    int slave = open(ptsname(*master), O_RDWR);
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 0)) _exit(127);
    for (int fd = 0; fd < 3; fd++) dup2(slave, fd);
    if (slave > 2) close(slave);
    execv(argv[0], argv);
    _exit(127);
}

static void answer_output(int master, pid_t child, int wait_ms) {
    static char bytes[1 << 20];
    size_t used = 0;
    struct pollfd ready = {.fd = master, .events = POLLIN};
    int ended = 0;
    while (used < sizeof bytes && poll(&ready, 1, used ? 15 : wait_ms) > 0) {
        ssize_t n = read(master, bytes + used, sizeof bytes - used);
        if (n <= 0) {
            ended = 1;
            break;
        }
        used += (size_t)n;
    }
    if (ended && used == 0) {
        int status = 0;
        waitpid(child, &status, 0);
        printf("-1 %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    } else {
        printf("%zu\n", used);
        fwrite(bytes, 1, used, stdout);
    }
    fflush(stdout);
}

static void type(int master, int n) {
    for (; n > 0; n--) {
        char c = (char)getchar();
        while (write(master, &c, 1) < 0 && errno == EINTR) {
        }
    }
}

static void answer_mode(int master) {
    struct termios mode;
    int known = tcgetattr(master, &mode) == 0;
    puts(known && (mode.c_lflag & ICANON) && (mode.c_lflag & ECHO) ? "cooked" : "raw");
    fflush(stdout);
}

int main(int argc, char **argv) {
    int master, a = 0, b = 0;
    if (argc < 4) return 64;
    pid_t child = start(&master, atoi(argv[1]), atoi(argv[2]), argv + 3);
    if (child < 0) return 71;
    for (int c; (c = getchar()) != EOF && c != 'q';) {
        if (c == 'w' && scanf("%d", &a) == 1 && getchar() == '\n') type(master, a);
        if (c == 'r' && scanf("%d", &a) == 1) answer_output(master, child, a);
        if (c == 's' && scanf("%d %d", &a, &b) == 2) set_size(master, a, b);
        if (c == 'k' && scanf("%d", &a) == 1) kill(child, a);
        if (c == 'm') answer_mode(master);
    }
    kill(child, SIGKILL);
    return 0;
}
