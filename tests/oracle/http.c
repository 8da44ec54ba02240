/* SPDX-License-Identifier: ISC */
/*
 * libhtp as an oracle: reads segments of one connection, a line each ("0 474554…" of the client,
 * "1 …" of the server), and prints of every transaction its method, target, host, status and the
 * octets of both bodies, in order (tests/system/http_vs_libhtp.py).
 */
#include <htp/htp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_MOST 4096

static void
print_text(const bstr *text)
{
	if (text != NULL)
		(void)fwrite(bstr_ptr(text), 1, bstr_len(text), stdout);
	(void)putchar('\t');
}

static void
print_transaction(const htp_tx_t *tx)
{
	const htp_header_t *host = htp_table_get_c(tx->request_headers, "host");

	print_text(tx->request_method);
	print_text(tx->request_uri);
	print_text(host != NULL ? host->value : NULL);
	(void)printf("%d\t%lld\t%lld\n", tx->response_status_number,
	    (long long)tx->request_entity_len, (long long)tx->response_entity_len);
}

static size_t
unhex(const char *text, unsigned char *to)
{
	size_t size = 0;
	char digits[3] = "";

	while (size < SEGMENT_MOST && text[0] > ' ' && text[1] > ' ') {
		memcpy(digits, text, 2);
		to[size++] = (unsigned char)strtoul(digits, NULL, 16);
		text += 2;
	}
	return size;
}

int
main(void)
{
	htp_cfg_t *config = htp_config_create();
	static char line[2 * SEGMENT_MOST + 8];
	static unsigned char segment[SEGMENT_MOST];
	htp_connp_t *parser;

	(void)htp_config_set_server_personality(config, HTP_SERVER_IDS);
	parser = htp_connp_create(config);
	htp_connp_open(parser, "192.0.2.1", 40000, "192.0.2.2", 80, NULL);
	while (fgets(line, sizeof line, stdin) != NULL) {
		size_t size = unhex(line + 2, segment);

		if (line[0] == '0')
			(void)htp_connp_req_data(parser, NULL, segment, size);
		else
			(void)htp_connp_res_data(parser, NULL, segment, size);
	}
	htp_connp_close(parser, NULL);
	for (size_t i = 0; i < htp_list_size(htp_connp_get_connection(parser)->transactions); i++) {
		const htp_tx_t *tx =
		    htp_list_get(htp_connp_get_connection(parser)->transactions, i);

		if (tx != NULL && tx->request_method != NULL)
			print_transaction(tx);
	}
	htp_connp_destroy_all(parser);
	htp_config_destroy(config);
	return 0;
}
