// Build step: writes the Lua sources as C arrays, so that the program carries them.
//
//   embed lua/vise/init.lua lua/vise/nn/linear.lua ... > embedded.c
//
// A path under lua/ becomes a module name: lua/vise/nn/linear.lua is vise.nn.linear,
// lua/vise/init.lua is vise.

#include <stdio.h>
#include <string.h>

static void module_name(char *out, size_t size, const char *path) {
    snprintf(out, size, "%s", strncmp(path, "lua/", 4) == 0 ? path + 4 : path);
    char *dot = strrchr(out, '.');
    if (dot) *dot = 0;
    for (char *c = out; *c; c++) {
        if (*c == '/') *c = '.';
    }
    size_t n = strlen(out);
    if (n > 5 && strcmp(out + n - 5, ".init") == 0) out[n - 5] = 0;
}

static int write_array(int index, const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) {
        perror(path);
        return 1;
    }
    printf("static const unsigned char source_%d[] = {", index);
    int c;
    for (long at = 0; (c = fgetc(f)) != EOF; at++) printf("%s%d,", at % 24 ? "" : "\n", c);
    printf("0};\n");
    fclose(f);
    return 0;
}

int main(int argc, char **argv) {
    printf("#include \"lua/embedded.h\"\n\n");
    for (int i = 1; i < argc; i++) {
        if (write_array(i, argv[i])) return 1;
    }
    printf("\nconst vise_embedded vise_embedded_modules[] = {\n");
    for (int i = 1; i < argc; i++) {
        char name[512];
        module_name(name, sizeof name, argv[i]);
        printf("    {\"%s\", \"%s\", source_%d, sizeof source_%d - 1},\n", name, argv[i], i, i);
    }
    printf("    {0, 0, 0, 0},\n};\n");
    return 0;
}
