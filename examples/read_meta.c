/* SPDX-License-Identifier: MPL-2.0
 *
 * Reads the scores from the frames of a clip, in C.
 *
 *     cc examples/read_meta.c -o read_meta $(pkg-config --cflags --libs gstreamer-1.0)
 *     ./read_meta clip.mp4
 *
 * prints one line a frame: its presentation time in seconds, the element that scored it, its state and its score.
 */

#include <gst/gst.h>
#include <stdlib.h>

/* One entry of a buffer's IqaMeta: `id` is the name of the element that scored the frame, `value` a structure iqa-score. */
static gboolean
print_entry (GQuark id, const GValue * value, gpointer user_data)
{
  GstClockTime pts = *(GstClockTime *) user_data;
  const GstStructure *entry;
  const gchar *state;
  gdouble score;

  if (!GST_VALUE_HOLDS_STRUCTURE (value))
    return TRUE;
  entry = gst_value_get_structure (value);
  state = gst_structure_get_string (entry, "state");
  g_print ("%.3f\t%s\t%s\t", (gdouble) pts / GST_SECOND, g_quark_to_string (id), state);
  /* A value that does not exist is an absent field. */
  if (gst_structure_get_double (entry, "score", &score))
    g_print ("%.2f\n", score);
  else
    g_print ("-\n");
  return TRUE;
}

static GstPadProbeReturn
print_scores (GstPad * pad, GstPadProbeInfo * info, gpointer user_data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "IqaMeta");
  GstClockTime pts = GST_BUFFER_PTS (buffer);

  if (meta != NULL)
    gst_structure_foreach (gst_custom_meta_get_structure (meta), print_entry, &pts);
  return GST_PAD_PROBE_OK;
}

int
main (int argc, char **argv)
{
  GError *error = NULL;
  gchar *debug = NULL;
  GstElement *pipeline, *file, *sink;
  GstPad *pad;
  GstMessage *message;
  int status = EXIT_SUCCESS;

  gst_init (&argc, &argv);
  if (argc != 2) {
    g_printerr ("usage: read_meta CLIP\n");
    return 2;
  }
  pipeline = gst_parse_launch ("filesrc name=file ! decodebin ! videoconvert ! iqascore interval=10 "
      "! fakesink name=sink sync=false", &error);
  if (error != NULL) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  g_object_set (file, "location", argv[1], NULL);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, print_scores, NULL, NULL);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline), GST_CLOCK_TIME_NONE,
      GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, &debug);
    g_printerr ("%s: %s\n%s\n", GST_OBJECT_NAME (message->src), error->message, debug ? debug : "");
    g_clear_error (&error);
    g_free (debug);
    status = 2;
  }

  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pad);
  gst_object_unref (sink);
  gst_object_unref (file);
  gst_object_unref (pipeline);
  return status;
}
