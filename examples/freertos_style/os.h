// SPDX-License-Identifier: MIT
/// What the example wants of an RTOS: tasks, a queue, a tick count. Here they stand on POSIX
/// threads (os_posix.c); README.md names the FreeRTOS call that each stands for.
#ifndef OS_H
#define OS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OS_FOREVER UINT32_MAX ///< portMAX_DELAY

/// A queue of pointers: xQueueCreate(length, sizeof(void *)).
struct os_queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    void **items;
    uint32_t length;
    uint32_t first;
    uint32_t count;
};

/// Makes a queue of `length` items in the caller's memory: xQueueCreateStatic().
void os_queue_start(struct os_queue *queue, void **items, uint32_t length);

/// Puts an item at the end, and waits up to wait_ms for room: xQueueSend(), or from an interrupt,
/// with wait_ms 0, xQueueSendFromISR(). Returns false if there was none.
bool os_queue_send(struct os_queue *queue, void *item, uint32_t wait_ms);

/// Takes the first item, and waits up to wait_ms for one: xQueueReceive().
/// Returns false if none came.
bool os_queue_receive(struct os_queue *queue, void **item, uint32_t wait_ms);

/// A task, with the count of notifications that it has not taken yet.
struct os_task {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t notified;
    void *(*function)(void *argument);
    void *argument;
};

/// Starts a task in the caller's memory: xTaskCreateStatic().
void os_task_start(struct os_task *task, void *(*function)(void *argument), void *argument);

/// Waits for a task's end. Only this demonstration ends: firmware has no need of it.
void os_task_join(struct os_task *task);

/// The task that runs: xTaskGetCurrentTaskHandle(). Only for tasks that os_task_start() began.
struct os_task *os_task_self(void);

/// Notifies a task: xTaskNotifyGive().
void os_task_notify(struct os_task *task);

/// Waits until the running task is notified, and takes that: ulTaskNotifyTake(pdTRUE, ...).
void os_task_wait(void);

/// xTaskGetTickCount() * portTICK_PERIOD_MS.
uint32_t os_now_ms(void);

#endif
