/* SPDX-License-Identifier: ISC */
/* Finds libduckdb and its functions; see duckdb_api.h. */
#include "store/duckdb_api.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#define FILE_NAME    "libduckdb.so"
#define INSTALLED    "/usr/lib/yagura/" FILE_NAME
#define FROM_NPM     "node_modules/@duckdb/node-bindings-linux-x64/" FILE_NAME
#define LEVELS_ABOVE 3 /* the program's own directory and the two above it */

/* Lazily, because binding every symbol would cost more than the few functions that are called;
 * globally, because store/functions.c looks one up while the engine calls it. */
#define LOAD_FLAGS (RTLD_LAZY | RTLD_GLOBAL)

/* Loads `directory`/FROM_NPM from the directory of the program or from one above it. */
static void *
load_beside_program(void)
{
	char program[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
	void *library = NULL;

	if (size <= 0)
		return NULL;
	program[size] = '\0';
	for (int i = 0; i < LEVELS_ABOVE && library == NULL; i++) {
		char path[PATH_MAX + sizeof FROM_NPM];
		char *slash = strrchr(program, '/');

		if (slash == NULL)
			return NULL;
		*slash = '\0';
		(void)snprintf(path, sizeof path, "%s/%s", program, FROM_NPM);
		if (access(path, R_OK) == 0)
			library = dlopen(path, LOAD_FLAGS);
	}
	return library;
}

static enum err
load_library(void **ret_library, struct err_info *info)
{
	const char *named = getenv("YAGURA_DUCKDB");
	void *library;

	if (named != NULL && named[0] != '\0') {
		library = dlopen(named, LOAD_FLAGS);
		if (library == NULL)
			return err_set(info, ERR_IO, "YAGURA_DUCKDB: %.400s", dlerror());
		*ret_library = library;
		return ERR_OK;
	}
	library = dlopen(FILE_NAME, LOAD_FLAGS);
	if (library == NULL)
		library = dlopen(INSTALLED, LOAD_FLAGS);
	if (library == NULL)
		library = load_beside_program();
	if (library == NULL)
		return err_set(info, ERR_IO,
		    "the storage engine was not found: neither %s of the system, nor %s, nor %s "
		    "above the program; `npm ci` in the source tree fetches it, and YAGURA_DUCKDB "
		    "can name it",
		    FILE_NAME, INSTALLED, FROM_NPM);
	*ret_library = library;
	return ERR_OK;
}

enum err
duckdb_api_load(struct duckdb_api *ret_api, struct err_info *info)
{
	static const struct {
		const char *symbol;
		size_t place;
	} FUNCTIONS[] = {
#define X(name) { "duckdb_" #name, offsetof(struct duckdb_api, name) },
		DUCKDB_API_LIST(X)
#undef X
	};
	struct duckdb_api api;
	void *library = NULL;
	enum err e = load_library(&library, info);

	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; i++) {
		void *function = dlsym(library, FUNCTIONS[i].symbol);
		if (function == NULL)
			return err_set(info, ERR_UNSUPPORTED,
			    "libduckdb has no function %s: version 1.4 or newer is needed",
			    FUNCTIONS[i].symbol);
		memcpy((char *)&api + FUNCTIONS[i].place, &function, sizeof function);
	}
	*ret_api = api;
	return ERR_OK;
}
