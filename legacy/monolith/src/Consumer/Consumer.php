<?php

declare(strict_types=1);

namespace Monolith\Consumer;

/**
 * Consuming over one connection.
 */
interface Consumer
{
    /**
     * Consumes until it is stopped. Blocks.
     *
     * @throws \Exception if the broker goes away; nothing is lost then, and a new connection may go on
     */
    public function run(): void;

    /** Lets run() return after the message in hand. May be called from a signal handler. */
    public function stop(): void;
}
