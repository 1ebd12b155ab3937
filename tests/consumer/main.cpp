#include <cstdio>

const char* first_words();

int main() { std::puts(first_words()); }
