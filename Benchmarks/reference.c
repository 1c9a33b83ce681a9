/*
 * reference.c - a plain C loop over the text of an access table, to compare TextBenchmark with.
 *   reference RUNS <FILE     prints what each run of each case took, in microseconds
 * It reads a line as makemap(8) does: no line that is empty or starts with # or a blank; the key ends at a blank.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct line { uint32_t start, length; };
struct pair { uint32_t key, value, line; uint16_t key_length, value_length; };

static const unsigned char *text;
static size_t size;
static struct line *lines;
static size_t line_count;
static struct pair *pairs;
static size_t pair_count;

static void *need(void *memory)
{
	if (memory == NULL) {
		perror("reference");
		exit(71);
	}
	return memory;
}

static void parse(void)
{
	size_t room = size / 40 + 1, start = 0;

	lines = need(malloc(room * sizeof *lines));
	pairs = need(malloc(room * sizeof *pairs));
	line_count = pair_count = 0;
	while (start < size) {
		size_t end = start, key, value;

		if (line_count == room) {
			room *= 2;
			lines = need(realloc(lines, room * sizeof *lines));
			pairs = need(realloc(pairs, room * sizeof *pairs));
		}
		while (end < size && text[end] != '\n' && !isspace(text[end]))
			end++;
		key = end;
		while (end < size && text[end] != '\n' && isspace(text[end]))
			end++;
		value = end;
		while (end < size && text[end] != '\n')
			end++;
		if (key > start && text[start] != '#')
			pairs[pair_count++] = (struct pair){ start, value, line_count + 1, key - start, end - value };
		if (end < size)
			end++;
		lines[line_count++] = (struct line){ start, end - start };
		start = end;
	}
}

/* One line more in the middle, and the text put together from its lines. */
static unsigned char *serialise(void)
{
	static const char added[] = "Connect:198.18.0.1\tRELAY\n";
	unsigned char *copy = need(malloc(size + sizeof added)), *end = copy;

	for (size_t i = 0; i < line_count; i++) {
		if (i == line_count / 2) {
			memcpy(end, added, sizeof added - 1);
			end += sizeof added - 1;
		}
		memcpy(end, text + lines[i].start, lines[i].length);
		end += lines[i].length;
	}
	return copy;
}

/* What a program does that asks for every key and value as bytes of its own. */
static size_t iterate(void)
{
	size_t sum = 0;

	for (size_t i = 0; i < pair_count; i++) {
		unsigned char *key = need(malloc(pairs[i].key_length + 1)), *value = need(malloc(pairs[i].value_length + 1));

		memcpy(key, text + pairs[i].key, pairs[i].key_length);
		memcpy(value, text + pairs[i].value, pairs[i].value_length);
		__asm__ volatile("" : : "r"(key), "r"(value) : "memory");
		sum += pairs[i].key_length + pairs[i].value_length;
		free(key);
		free(value);
	}
	return sum;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

int main(int argc, char **argv)
{
	struct stat status;
	unsigned char *bytes;

	if (argc != 2 || fstat(0, &status) != 0)
		return 64;
	size = status.st_size;
	text = bytes = need(malloc(size + 1));
	for (size_t got = 0; got < size; ) {
		ssize_t count = read(0, bytes + got, size - got);

		if (count <= 0)
			return 66;
		got += count;
	}
	for (int run = atoi(argv[1]); run > 0; run--) {
		double start = now();
		unsigned char *copy;

		parse();
		printf("parse %.1f\n", now() - start);
		start = now();
		if (iterate() == 0)
			return 70;
		printf("iterate %.1f\n", now() - start);
		start = now();
		copy = serialise();
		printf("serialise %.1f\n", now() - start);
		free(copy);
		free(lines);
		free(pairs);
	}
	return 0;
}
