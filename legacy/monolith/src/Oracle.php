<?php

declare(strict_types=1);

namespace Monolith;

use App\Message\PayoutUpdate;
use Monolith\Consumer\PayoutSerializer;
use Symfony\Component\Messenger\Exception\MessageDecodingFailedException;

/**
 * Answers a notification with the outcome that a consumer would have recorded for it.
 */
final class Oracle
{
    public function __construct(private readonly Monolith $monolith)
    {
    }

    /**
     * @param string $line JSON, see bin/oracle.php
     * @return string the outcome document, one line
     * @throws \JsonException|\InvalidArgumentException if the line is no notification, which is the caller's mistake
     */
    public function answer(string $line): string
    {
        $input = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
        $family = Family::ofType($input['type'] ?? '');
        $body = base64_decode($input['body_base64'] ?? '', true);
        if ($family === null || $body === false) {
            throw new \InvalidArgumentException('a line needs a known type and body_base64');
        }
        $id = (string) ($input['properties']['message_id'] ?? $input['id']);
        try {
            if ($family === Family::Payout) {
                $this->receivePayout($id, $body);
            } else {
                $this->monolith->receiveJson($family, $body, $id, $input['routing_key'] ?? $input['type']);
            }
        } catch (\Throwable $thrown) {
            if (!Failure::isFinal($thrown)) {
                throw $thrown;
            }
            // Its outcome is in the outbox like any other.
        }
        $answers = [];
        $this->monolith->outbox->flush(function (array $rows) use (&$answers): void {
            array_push($answers, ...array_column($rows, 'document'));
        });

        return implode("\n", $answers);
    }

    private function receivePayout(string $id, string $body): void
    {
        try {
            $message = (new PayoutSerializer())->decode(['body' => $body])->getMessage();
        } catch (MessageDecodingFailedException $unreadable) {
            $this->monolith->reject($id, 'payout.update', $unreadable);

            return;
        }
        if ($message instanceof PayoutUpdate) {
            $this->monolith->receivePayout($message);
        } else {
            $this->monolith->reject($id, 'payout.update', new RejectedNotification('not a payout'));
        }
    }
}
