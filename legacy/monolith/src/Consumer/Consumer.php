<?php

declare(strict_types=1);

namespace Monolith\Consumer;

/**
 * One session with the broker.
 */
interface Consumer
{
    /**
     * Consumes until it is stopped. Blocks.
     *
     * @throws \Exception if the broker goes away; nothing is lost then, and a new session may begin
     */
    public function run(): void;

    /** Lets run() return after the message in hand. May be called from a signal handler. */
    public function stop(): void;
}
