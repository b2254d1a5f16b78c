// Everything that is known of one message, beside the page.

import { Drawer } from "@mantine/core";

import type { Message } from "../protocol";

import { MessageDetail } from "./MessageDetail";

export function MessageDrawer({ message, onClose }: { message: Message | null; onClose: () => void }) {
  return (
    <Drawer
      opened={message !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title="Message"
      lockScroll={false}
      overlayProps={{ backgroundOpacity: 0.25 }}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {message && <MessageDetail message={message} />}
    </Drawer>
  );
}
