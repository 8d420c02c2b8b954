/* libetpan in the parsing benchmark: what it costs, what it found. See clients.py.
 *
 * Arguments: the set, the port, the last UID of the warm-up; or --version. Text is kept as it came: this
 * library leaves encoded words to its user.
 */

#include <libetpan/libetpan.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct sums {
    uint64_t messages, flags, size, addresses, emails, leaves, octets;
};

static double processor_time(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void check(int result, const char *what)
{
    if (result == MAILIMAP_NO_ERROR || result == MAILIMAP_NO_ERROR_AUTHENTICATED
        || result == MAILIMAP_NO_ERROR_NON_AUTHENTICATED)
        return;
    fprintf(stderr, "%s: error %d\n", what, result);
    exit(1);
}

static struct mailimap_fetch_type *items(const char *name)
{
    struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty();
#define ADD(item) mailimap_fetch_type_new_fetch_att_list_add(type, mailimap_fetch_att_new_##item)
    ADD(uid());
    if (!strcmp(name, "flags")) {
        ADD(flags());
        ADD(internaldate());
        ADD(rfc822_size());
    } else if (!strcmp(name, "envelope")) {
        ADD(flags());
        ADD(envelope());
    } else if (!strcmp(name, "structure")) {
        ADD(bodystructure());
    } else {
        ADD(body_peek_section(mailimap_section_new(NULL)));
    }
#undef ADD
    return type;
}

static clist *fetch(mailimap *session, const char *name, uint32_t last)
{
    clist *found = NULL;
    struct mailimap_set *set = mailimap_set_new_interval(1, last);
    struct mailimap_fetch_type *type = items(name);
    check(mailimap_uid_fetch(session, set, type, &found), "UID FETCH");
    mailimap_fetch_type_free(type);
    mailimap_set_free(set);
    return found;
}

static void count_addresses(struct sums *sums, clist *list)
{
    for (clistiter *at = list ? clist_begin(list) : NULL; at; at = clist_next(at)) {
        struct mailimap_address *address = clist_content(at);
        if (!address->ad_host_name)
            continue; /* a group begins or ends */
        sums->addresses++;
        sums->emails += strlen(address->ad_mailbox_name) + 1 + strlen(address->ad_host_name);
    }
}

static void count_envelope(struct sums *sums, struct mailimap_envelope *envelope)
{
    count_addresses(sums, envelope->env_from ? envelope->env_from->frm_list : NULL);
    count_addresses(sums, envelope->env_sender ? envelope->env_sender->snd_list : NULL);
    count_addresses(sums, envelope->env_reply_to ? envelope->env_reply_to->rt_list : NULL);
    count_addresses(sums, envelope->env_to ? envelope->env_to->to_list : NULL);
    count_addresses(sums, envelope->env_cc ? envelope->env_cc->cc_list : NULL);
    count_addresses(sums, envelope->env_bcc ? envelope->env_bcc->bcc_list : NULL);
}

static void count_leaves(struct sums *sums, struct mailimap_body *body)
{
    if (body->bd_type == MAILIMAP_BODY_MPART) {
        clist *parts = body->bd_data.bd_body_mpart->bd_list;
        for (clistiter *at = clist_begin(parts); at; at = clist_next(at))
            count_leaves(sums, clist_content(at));
        return;
    }
    struct mailimap_body_type_1part *part = body->bd_data.bd_body_1part;
    struct mailimap_body_fields *fields;
    switch (part->bd_type) {
    case MAILIMAP_BODY_TYPE_1PART_MSG:
        count_leaves(sums, part->bd_data.bd_type_msg->bd_body);
        return;
    case MAILIMAP_BODY_TYPE_1PART_TEXT:
        fields = part->bd_data.bd_type_text->bd_fields;
        break;
    default:
        fields = part->bd_data.bd_type_basic->bd_fields;
    }
    sums->leaves++;
    sums->octets += fields->bd_size;
}

static void count_item(struct sums *sums, struct mailimap_msg_att_item *item)
{
    if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) {
        clist *flags = item->att_data.att_dyn->att_list;
        sums->flags += flags ? clist_count(flags) : 0;
        return;
    }
    struct mailimap_msg_att_static *value = item->att_data.att_static;
    switch (value->att_type) {
    case MAILIMAP_MSG_ATT_RFC822_SIZE:
        sums->size += value->att_data.att_rfc822_size;
        break;
    case MAILIMAP_MSG_ATT_ENVELOPE:
        count_envelope(sums, value->att_data.att_env);
        break;
    case MAILIMAP_MSG_ATT_BODYSTRUCTURE:
        count_leaves(sums, value->att_data.att_bodystructure);
        break;
    case MAILIMAP_MSG_ATT_BODY_SECTION:
        sums->octets += value->att_data.att_body_section->sec_length;
        break;
    }
}

int main(int count, char **arguments)
{
    if (count == 2 && !strcmp(arguments[1], "--version")) {
        printf("%d.%d\n", libetpan_get_version_major(), libetpan_get_version_minor());
        return 0;
    }
    if (count != 4)
        return 2;
    const char *name = arguments[1];
    mailimap *session = mailimap_new(0, NULL);
    check(mailimap_socket_connect(session, "127.0.0.1", atoi(arguments[2])), "connect");
    check(mailimap_login(session, "joe", "secret"), "LOGIN");
    check(mailimap_examine(session, name), "EXAMINE");
    mailimap_fetch_list_free(fetch(session, name, strtoul(arguments[3], NULL, 10)));

    double begin = processor_time();
    clist *found = fetch(session, name, 0);
    double seconds = processor_time() - begin;

    struct sums sums = {.messages = clist_count(found)};
    for (clistiter *at = clist_begin(found); at; at = clist_next(at)) {
        clist *list = ((struct mailimap_msg_att *)clist_content(at))->att_list;
        for (clistiter *inner = clist_begin(list); inner; inner = clist_next(inner))
            count_item(&sums, clist_content(inner));
    }
    printf("{\"seconds\": %f, \"sums\": {\"messages\": %" PRIu64, seconds, sums.messages);
#define SHOW(sum) if (sums.sum) printf(", \"" #sum "\": %" PRIu64, sums.sum)
    SHOW(flags);
    SHOW(size);
    SHOW(addresses);
    SHOW(emails);
    SHOW(leaves);
    SHOW(octets);
    printf("}}\n");
    mailimap_logout(session);
    return 0;
}
