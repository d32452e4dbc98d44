// SPDX-License-Identifier: MIT
// two_peers with patterns of 3 segments instead of 5. On a PC all are tried; here they would only
// take long: what a target can do otherwise (word size, alignment, compiler) shows in any pattern.
int two_peers(int argc, char **argv);

int main(void)
{
    static char name[] = "two_peers", depth[] = "3";
    char *argv[] = {name, depth, 0};

    return two_peers(2, argv);
}
