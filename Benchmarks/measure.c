/*
 * measure.c - runs a program and adds a line to a file: microseconds from start to end, peak memory in KiB, exit status.
 *   measure FILE PROGRAM [ARGUMENT ...]
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

int main(int argc, char **argv)
{
	struct timespec start, end;
	struct rusage usage;
	FILE *report;
	pid_t child;
	int status;

	if (argc < 3)
		return 64;
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (posix_spawnp(&child, argv[2], NULL, NULL, argv + 2, environ) != 0 || wait4(child, &status, 0, &usage) != child) {
		perror(argv[2]);
		return 71;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	report = fopen(argv[1], "a");
	if (report == NULL) {
		perror(argv[1]);
		return 73;
	}
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	fprintf(report, "%.0f %ld %d\n", (end.tv_sec - start.tv_sec) * 1e6 + (end.tv_nsec - start.tv_nsec) / 1e3,
	    usage.ru_maxrss, status);
	return fclose(report) == 0 ? status : 74;
}
