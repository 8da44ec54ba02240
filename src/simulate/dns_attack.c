/* SPDX-License-Identifier: ISC */
/* When attacks happen and what is counted of them; see dns_attack.h. */
#include "simulate/dns_attack.h"

#include <string.h>

void
dns_attack_note(struct dns_attack *a, nsec_t at)
{
	nsec_t second = at / NSEC_PER_SEC;

	if (a->count == 0)
		a->span.first = at;
	a->span.last = at;
	a->count++;
	a->in_second = second == a->second ? a->in_second + 1 : 1;
	a->second = second;
	a->peak = a->in_second > a->peak ? a->in_second : a->peak;
}

void
dns_attack_source(struct dns_run *run, dns_event_fn make, void *state)
{
	nsec_t begin = run->begin + settings_duration(run->settings, "attack_begin");
	nsec_t end = begin + settings_duration(run->settings, "attack_duration");

	dns_run_source(run, make, state, settings_f64(run->settings, "attack_rate"), begin,
	    end < run->end ? end : run->end);
}

enum err
dns_attack_word(const struct dns_run *run, const char *setting, const char *const *words,
    size_t *ret_which, struct err_info *info)
{
	const char *text = settings_text(run->settings, setting);
	char all[128] = "";
	size_t used = 0;

	for (size_t i = 0; words[i] != NULL; i++) {
		size_t size = strlen(words[i]);
		if (strcmp(words[i], text) == 0) {
			*ret_which = i;
			return ERR_OK;
		}
		if (used + size + 2 < sizeof all) {
			all[used++] = ' ';
			memcpy(all + used, words[i], size);
			used += size;
		}
	}
	return err_set(info, ERR_CONFIG, "%s is one of%s, not \"%.40s\"", setting, all, text);
}

#define ZONE_MOST 90

enum err
dns_attack_zone(const struct dns_run *run, const char **ret_zone, struct err_info *info)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *zone = settings_text(run->settings, "zone");
	bool good = strlen(zone) <= ZONE_MOST;

	for (const char *label = zone; good;) {
		size_t size = strspn(label, letters);
		good = size > 0 && size < 64 && (label[size] == '.' || label[size] == '\0');
		if (!good || label[size] == '\0')
			break;
		label += size + 1;
	}
	if (!good)
		return err_set(info, ERR_CONFIG,
		    "zone is a name like example.org, at most %d octets, not \"%.40s\"", ZONE_MOST,
		    zone);
	*ret_zone = zone;
	return ERR_OK;
}

json_t *
dns_attack_address(const struct address *a)
{
	char text[ADDRESS_TEXT_SIZE];

	return json_string(address_format(a, text));
}
