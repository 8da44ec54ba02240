/* SPDX-License-Identifier: ISC */
/*
 * dsc's configuration, as far as it says what to count: statements of words that end with a
 * semicolon, comments from # to the end of the line, words in double quotes when they have blanks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "report/dsc_internal.h"

#define MOST_WORDS 32
#define MOST_FILE  (16U << 20)

/* A statement as it is read. */
struct statement {
	char *words[MOST_WORDS];
	size_t count;
	unsigned line;
	const char *path; /* of the configuration */
};

/* ------------------------------------------------------------------ files */

/* The octets of a file, terminated (free it). */
static enum err
read_file(const char *path, char **ret_text, struct err_info *info)
{
	FILE *in = fopen(path, "re");
	char *text;
	size_t size;

	if (in == NULL)
		return err_set(info, ERR_IO, "%s: %s", path, strerror(errno));
	text = xmalloc(MOST_FILE);
	size = fread(text, 1, MOST_FILE - 1, in);
	if (ferror(in) || size == MOST_FILE - 1) {
		(void)fclose(in);
		free(text);
		return err_set(info, ERR_IO, "%s: cannot be read, or is too large", path);
	}
	(void)fclose(in);
	text[size] = '\0';
	*ret_text = text;
	return ERR_OK;
}

/* A file named in a configuration: beside it when relative (free it). */
static char *
beside(const char *configuration, const char *name)
{
	const char *slash = strrchr(configuration, '/');

	if (name[0] == '/' || slash == NULL)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - configuration), configuration, name);
}

/* Every line of a file of names that is neither empty nor a comment. */
static enum err
read_names(const char *path, void (*take)(struct dsc *, const char *, size_t), struct dsc *dsc,
    struct err_info *info)
{
	char *text = NULL;
	enum err e = read_file(path, &text, info);

	if (e != ERR_OK)
		return e;
	for (char *at = text; *at != '\0';) {
		size_t line = strcspn(at, "\n"), size = strcspn(at, " \t\r\n");
		if (size != 0 && *at != '#' && *at != ';')
			take(dsc, at, size);
		at += line + (at[line] == '\n');
	}
	free(text);
	return ERR_OK;
}

static void
take_tld(struct dsc *dsc, const char *name, size_t size)
{
	dsc_names_add(&dsc->tlds, name, size);
	for (size_t i = 0; i < size; i++)
		if (name[i] == '.')
			dsc_names_add(&dsc->parents, name + i + 1, size - i - 1);
}

static void
take_known(struct dsc *dsc, const char *name, size_t size)
{
	dsc_names_add(&dsc->known, name, size);
}

/* ------------------------------------------------------------------ statements */

static enum err
refuse(const struct statement *s, const char *what, struct err_info *info)
{
	return err_set(info, ERR_CONFIG, "%s:%u: %s", s->path, s->line, what);
}

/* "Qtype:qtype" */
static bool
read_dimension(struct dsc_dataset *set, int which, const char *word)
{
	const char *colon = strchr(word, ':');

	if (colon == NULL)
		return false;
	set->indexers[which] = dsc_indexer_find(colon + 1);
	set->titles[which] = xasprintf("%.*s", (int)(colon - word), word);
	return set->indexers[which] != DSC_INDEXERS;
}

static bool
read_filters(struct dsc_dataset *set, char *words)
{
	char *rest = NULL;

	for (char *word = strtok_r(words, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		int filter = dsc_filter_find(word);
		if (strcmp(word, "any") == 0)
			continue;
		if (filter < 0)
			return false;
		set->filters |= 1U << (unsigned)filter;
	}
	return true;
}

/* dataset NAME LAYER TITLE:INDEXER TITLE:INDEXER FILTERS [OPTION=N …] */
static enum err
read_dataset(struct dsc *dsc, const struct statement *s, struct err_info *info)
{
	struct dsc_dataset *set;

	if (s->count < 6)
		return refuse(s, "a dataset has a name, a layer, two dimensions and filters", info);
	dsc->datasets =
	    xrealloc_array(dsc->datasets, dsc->dataset_count + 1, sizeof *dsc->datasets);
	set = &dsc->datasets[dsc->dataset_count++];
	*set = (struct dsc_dataset){ .name = xstrdup(s->words[1]) };
	set->packets = strcmp(s->words[2], "ip") == 0;
	if (!set->packets && strcmp(s->words[2], "dns") != 0)
		return refuse(s, "the layer of a dataset is dns or ip", info);
	if (!read_dimension(set, 0, s->words[3]) || !read_dimension(set, 1, s->words[4]))
		return refuse(s, "an indexer that is not known", info);
	if (!read_filters(set, s->words[5]))
		return refuse(s, "a filter that is not known", info);
	for (size_t i = 6; i < s->count; i++) {
		if (strncmp(s->words[i], "max-cells=", 10) == 0)
			set->max_cells = strtoull(s->words[i] + 10, NULL, 10);
		else if (strncmp(s->words[i], "min-count=", 10) == 0)
			set->min_count = strtoull(s->words[i] + 10, NULL, 10);
		else
			return refuse(s, "an option of a dataset that is not known", info);
	}
	return ERR_OK;
}

/* The mask of "24", "255.255.255.0", "ffff::" or nothing. */
static bool
read_mask(const char *word, bool ipv4, struct address *ret_mask)
{
	struct address mask;
	unsigned long bits;
	char *end;

	memset(&mask, 255, sizeof mask);
	if (word != NULL && strpbrk(word, ".:") != NULL) {
		if (address_parse(word, &mask) != ERR_OK || address_is_ipv4(&mask) != ipv4)
			return false;
		if (ipv4)
			memset(mask.octets, 255, 12);
	} else if (word != NULL) {
		bits = strtoul(word, &end, 10);
		if (*end != '\0' || bits > (ipv4 ? 32U : 128U))
			return false;
		bits += ipv4 ? 96 : 0;
		for (size_t i = 0; i < 16; i++)
			mask.octets[i] = bits >= 8 * (i + 1) ? 255
					 : bits <= 8 * i     ? 0
							     : (uint8_t)(0xff00U >> (bits - 8 * i));
	}
	*ret_mask = mask;
	return true;
}

/* local_address ADDRESS [MASK].  As in dsc an address with bits beyond its mask matches none. */
static enum err
read_local(struct dsc *dsc, const struct statement *s, struct err_info *info)
{
	struct dsc_local local;

	if (s->count < 2 || s->count > 3 || address_parse(s->words[1], &local.address) != ERR_OK ||
	    !read_mask(
		s->count == 3 ? s->words[2] : NULL, address_is_ipv4(&local.address), &local.mask))
		return refuse(s, "local_address has an address, and a mask or its length", info);
	dsc->locals = xrealloc_array(dsc->locals, dsc->local_count + 1, sizeof *dsc->locals);
	dsc->locals[dsc->local_count++] = local;
	return ERR_OK;
}

static enum err
read_names_statement(struct dsc *dsc, const struct statement *s, struct err_info *info)
{
	bool tlds = strcmp(s->words[0], "tld_list") == 0;
	char *path;
	enum err e;

	if (s->count != 2)
		return refuse(s, "the name of one file is needed", info);
	path = beside(s->path, s->words[1]);
	e = read_names(path, tlds ? take_tld : take_known, dsc, info);
	free(path);
	return e;
}

static enum err
take_statement(struct dsc *dsc, const struct statement *s, struct err_info *info)
{
	const char *name = s->words[0];
	bool v4 = strcmp(name, "client_v4_mask") == 0;

	if (strcmp(name, "dataset") == 0)
		return read_dataset(dsc, s, info);
	if (strcmp(name, "local_address") == 0)
		return read_local(dsc, s, info);
	if (strcmp(name, "tld_list") == 0 || strcmp(name, "knowntlds_file") == 0)
		return read_names_statement(dsc, s, info);
	if (v4 || strcmp(name, "client_v6_mask") == 0)
		if (s->count != 2 || !read_mask(s->words[1], v4, &dsc->masks[!v4]))
			return refuse(s, "a mask is needed", info);
	return ERR_OK;
}

/* ------------------------------------------------------------------ words */

/* The next word of the text, terminated in place; NULL at the end.  `ret_after` is what stood
 * behind it: ';' ends the statement. */
static char *
next_word(char **at, unsigned *line, char *ret_after)
{
	char *word;

	for (;; (*at)++) {
		if (**at == '#')
			*at += strcspn(*at, "\n");
		if (**at == '\n')
			++*line;
		else if (**at == '\0' || strchr(" \t\r", **at) == NULL)
			break;
	}
	word = *at;
	if (*word == '\0')
		return NULL;
	if (*word == '"') {
		*at = ++word;
		*at += strcspn(*at, "\"");
	} else {
		*at += strcspn(*at, " \t\r\n;");
	}
	*ret_after = **at;
	if (**at != '\0') {
		*line += **at == '\n';
		*(*at)++ = '\0';
	}
	return word;
}

static enum err
read_text(struct dsc *dsc, const char *path, char *text, struct err_info *info)
{
	struct statement s = { .path = path, .line = 1 };
	unsigned line = 1;
	char after = 0, *at = text, *word;
	enum err e = ERR_OK;

	while (e == ERR_OK && (word = next_word(&at, &line, &after)) != NULL) {
		if (s.count == MOST_WORDS)
			return refuse(&s, "a statement has too many words", info);
		if (s.count == 0)
			s.line = line;
		if (word[0] != '\0')
			s.words[s.count++] = word;
		if (after == ';' && s.count != 0) {
			e = take_statement(dsc, &s, info);
			s.count = 0;
		}
	}
	dsc_names_sort(&dsc->tlds);
	dsc_names_sort(&dsc->parents);
	dsc_names_sort(&dsc->known);
	return e;
}

enum err
dsc_configure(struct dsc *dsc, const char *path, struct err_info *info)
{
	char *text = NULL;
	enum err e = read_file(path, &text, info);

	if (e != ERR_OK)
		return e;
	e = read_text(dsc, path, text, info);
	free(text);
	if (e == ERR_OK && dsc->dataset_count == 0)
		e = err_set(info, ERR_CONFIG, "%s: no dataset", path);
	return e;
}

void
dsc_configure_sample(struct dsc *dsc)
{
	static const char SAMPLE[] =
	    "local_address 127.0.0.1; local_address ::1;"
	    "dataset qtype dns All:null Qtype:qtype queries-only;"
	    "dataset rcode dns All:null Rcode:rcode replies-only;"
	    "dataset opcode dns All:null Opcode:opcode queries-only;"
	    "dataset rcode_vs_replylen dns Rcode:rcode ReplyLen:msglen replies-only;"
	    "dataset client_subnet dns All:null ClientSubnet:client_subnet queries-only "
	    "max-cells=200;"
	    "dataset qtype_vs_qnamelen dns Qtype:qtype QnameLen:qnamelen queries-only;"
	    "dataset qtype_vs_tld dns Qtype:qtype TLD:tld queries-only,popular-qtypes "
	    "max-cells=200;"
	    "dataset certain_qnames_vs_qtype dns CertainQnames:certain_qnames Qtype:qtype "
	    "queries-only;"
	    "dataset client_subnet2 dns Class:query_classification ClientSubnet:client_subnet "
	    "queries-only max-cells=200;"
	    "dataset client_addr_vs_rcode dns Rcode:rcode ClientAddr:client replies-only "
	    "max-cells=50;"
	    "dataset chaos_types_and_names dns Qtype:qtype Qname:qname chaos-class,queries-only;"
	    "dataset idn_qname dns All:null IDNQname:idn_qname queries-only;"
	    "dataset edns_version dns All:null EDNSVersion:edns_version queries-only;"
	    "dataset edns_bufsiz dns All:null EDNSBufSiz:edns_bufsiz queries-only;"
	    "dataset do_bit dns All:null D0:do_bit queries-only;"
	    "dataset rd_bit dns All:null RD:rd_bit queries-only;"
	    "dataset idn_vs_tld dns All:null TLD:tld queries-only,idn-only;"
	    "dataset ipv6_rsn_abusers dns All:null ClientAddr:client "
	    "queries-only,aaaa-or-a6-only,root-servers-net-only max-cells=50;"
	    "dataset transport_vs_qtype dns Transport:transport Qtype:qtype queries-only;"
	    "dataset client_port_range dns All:null PortRange:dns_sport_range queries-only;"
	    "dataset direction_vs_ipproto ip Direction:ip_direction IPProto:ip_proto any;";
	char *text = xstrdup(SAMPLE);

	(void)!read_text(dsc, "sample", text, NULL);
	free(text);
}
