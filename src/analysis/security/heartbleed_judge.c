/* SPDX-License-Identifier: ISC */
/*
 * What an exchange of heartbeats comes to.
 *
 * Plain, everything is in sight: the request lies about its payload or not, the answer holds more
 * than was sent or not.  Encrypted, only lengths are: a request that is too short to be legal under
 * its cipher lies, and an answer that is longer than its request holds something else.  What is
 * legal and answered in equal length is somebody keeping a connection alive, and a large one over
 * DTLS that nobody answers somebody searching for the path's MTU (RFC 6520 section 5): ordinary.
 */
#include "analysis/security/heartbleed.h"

static const char *const NAMES[HEARTBLEED_VERDICTS] = {
	[HEARTBLEED_NONE] = "none",
	[HEARTBLEED_PROBE] = "probe",
	[HEARTBLEED_SUSPICIOUS] = "suspicious",
	[HEARTBLEED_BLOCKED] = "blocked",
	[HEARTBLEED_ATTEMPT] = "attempt",
	[HEARTBLEED_ANSWERED] = "answered",
	[HEARTBLEED_LEAK] = "leak",
};

const char *
heartbleed_verdict_name(enum heartbleed_verdict verdict)
{
	return NAMES[verdict];
}

/* A request that breaks the rules. */
static enum heartbleed_verdict
judge_odd(const struct tls_heartbeat *h)
{
	if (h->answer_records != 0)
		return h->leaked != 0 ? HEARTBLEED_LEAK : HEARTBLEED_ANSWERED;
	if (h->alert)
		return HEARTBLEED_BLOCKED;
	/* One that asks for no more than it brought could not have leaked: silence says nothing of
	 * the server. */
	if (!h->closed && (h->encrypted || h->claimed > h->carried))
		return HEARTBLEED_BLOCKED;
	return HEARTBLEED_ATTEMPT;
}

static enum heartbleed_verdict
judge_plain(const struct tls_heartbeat *h)
{
	if (h->unasked)
		return h->unsure ? HEARTBLEED_NONE : HEARTBLEED_SUSPICIOUS;
	if (h->leaked != 0)
		return HEARTBLEED_LEAK;
	if (h->odd)
		return judge_odd(h);
	/* In a connection joined in the middle it may be encrypted after all. */
	return h->unsure ? HEARTBLEED_NONE : HEARTBLEED_PROBE;
}

static enum heartbleed_verdict
judge_encrypted(const struct tls_event *e)
{
	const struct tls_heartbeat *h = &e->heartbeat;

	if (h->odd)
		return judge_odd(h);
	if (h->leaked != 0)
		return h->least_octets != 0 ? HEARTBLEED_LEAK : HEARTBLEED_SUSPICIOUS;
	if (h->answer_records != 0 || e->datagram || h->unsure)
		return HEARTBLEED_NONE;
	if (h->before_data || h->age < HEARTBLEED_EARLY || h->unanswered >= HEARTBLEED_UNANSWERED)
		return HEARTBLEED_SUSPICIOUS;
	return HEARTBLEED_NONE;
}

enum heartbleed_verdict
heartbleed_judge(const struct tls_event *e)
{
	return e->heartbeat.encrypted ? judge_encrypted(e) : judge_plain(&e->heartbeat);
}
