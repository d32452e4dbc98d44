// SPDX-License-Identifier: MIT
// A suite with an argument that makes it shorter. On a PC all of it is tried; here that would only
// take long: what a target can do otherwise (word size, alignment, compiler) shows in any part.
int suite(int argc, char **argv);

int main(void)
{
    static char name[] = "suite", argument[] = ARGUMENT;
    char *argv[] = {name, argument, 0};

    return suite(2, argv);
}
